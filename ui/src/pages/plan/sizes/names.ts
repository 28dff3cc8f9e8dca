// What a reviewed thing is called: by what its parts have in common.
import type { SizePartView, SizeView } from '../../../api/types'

/** Words that only join a part to what it belongs to. */
const JOINING: ReadonlySet<string> = new Set(['of', 'in', 'on', 'for', 'at'])

/** «CPU of web-1, Memory of web-1» is «web-1», and of it «CPU, Memory». */
export function namesOf({ title, parts }: Pick<SizeView, 'title'> & { parts: readonly Pick<SizePartView, 'title'>[] }): { name: string; of: string } {
  const whole = { name: title, of: '' }
  const words = parts.map((part) => part.title.split(' '))
  const [first] = words
  if (first === undefined || words.length < 2) return whole
  let shared = 0
  while (words.every((own) => own.length > shared + 1 && own.at(-1 - shared) === first.at(-1 - shared))) shared += 1
  const common = first.slice(first.length - shared)
  while (JOINING.has(common[0] ?? '')) common.shift()
  if (common.length === 0) return whole
  const heads = words.map((own) => {
    const head = own.slice(0, own.length - common.length)
    while (head.length > 1 && JOINING.has(head.at(-1) ?? '')) head.pop()
    return head.join(' ')
  })
  return { name: common.join(' '), of: heads.join(', ') }
}

/** The part that is a cache which throws out: what it finds says more than how much of it is used, since it is always full. */
export function cacheOf({ parts }: Pick<SizeView, 'parts'>): SizePartView | undefined {
  return parts.find(({ evictions }) => evictions !== null)
}

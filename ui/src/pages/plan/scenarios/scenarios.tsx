// Scenarios: what a roadmap, a sales pipeline and growth come to, written as text and compared side by side.
import { useEffect, useState } from 'preact/hooks'

import { useAddress } from '../../../address/address'
import { useOutcomes } from '../../../api/plan'
import { Empty } from '../../../parts/face/face'
import { Button } from '../../../parts/form/form'
import { Head } from '../../../parts/page/page'
import { PlanTabs } from '../tabs'
import { Comparison, type Compared } from './comparison'
import { DRAFTS_MAX, EXAMPLE, freeName, readDrafts, TEXT_MAX, writeDrafts, type Draft } from './drafts'
import { Editor } from './editor'
import { Plans } from './frozen/freeze'
import style from './scenarios.module.css'

/** How long a pause in typing is before the program is asked. */
const PAUSE_MS = 600
/** More beside each other tell nobody anything. */
const COMPARED_MAX = 4

export default function Scenarios() {
  const { query, set } = useAddress()
  const [drafts, setDrafts] = useState(() => readDrafts(localStorage))
  const keep = (next: Draft[]) => {
    setDrafts(next)
    writeDrafts(localStorage, next)
  }
  const current = drafts.find(({ name }) => name === query['edit']) ?? drafts[0]
  const also = (query['with'] ?? '').split(',')
  const shown = drafts.filter(({ name }) => name === current?.name || also.includes(name)).slice(0, COMPARED_MAX)

  const add = (draft: Draft) => {
    const name = freeName(draft.name, drafts.map((own) => own.name))
    keep([...drafts, { name, text: draft.text }].slice(-DRAFTS_MAX))
    const before = shown.map((own) => own.name).slice(0, COMPARED_MAX - 1)
    set({ edit: name, with: before.join(',') })
  }
  const write = (text: string) => keep(drafts.map((own) => (own.name === current?.name ? { ...own, text } : own)))
  const remove = () => {
    keep(drafts.filter(({ name }) => name !== current?.name))
    set({ edit: null })
  }
  const compare = (name: string, wanted: boolean) =>
    set({ with: [...also.filter((own) => own !== name && own !== ''), ...(wanted ? [name] : [])].join(',') })

  return (
    <>
      <Head title="Scenarios" note="what a roadmap, a pipeline and growth come to">
        <PlanTabs />
      </Head>
      {current ? (
        <>
          <div class={style.bar}>
            <ul class={style.drafts} aria-label="Scenarios in this browser">
              {drafts.map(({ name }) => (
                <Choice
                  key={name}
                  name={name}
                  edited={name === current.name}
                  shown={shown.some((own) => own.name === name)}
                  full={shown.length >= COMPARED_MAX}
                  onCompare={(wanted) => compare(name, wanted)}
                />
              ))}
            </ul>
            <div class={style.actions}>
              <Button onPress={() => add({ name: current.name, text: current.text })}>Copy to compare</Button>
              <Open onOpen={add} />
            </div>
          </div>
          <Workbench current={current} shown={shown} onWrite={write} onRemove={remove} />
        </>
      ) : (
        <div class={style.nothing}>
          <Nothing onAdd={add} />
        </div>
      )}
      <Plans />
    </>
  )
}

type ChoiceProps = { name: string; edited: boolean; shown: boolean; full: boolean; onCompare: (wanted: boolean) => void }

function Choice({ name, edited, shown, full, onCompare }: ChoiceProps) {
  const { link } = useAddress()
  return (
    <li data-edited={edited}>
      <input
        type="checkbox"
        aria-label={`Compare ${name}`}
        checked={shown}
        disabled={edited || (full && !shown)}
        onChange={(event) => onCompare(event.currentTarget.checked)}
      />
      <a href={link({ edit: name })} aria-current={edited ? 'true' : undefined}>
        {name}
      </a>
    </li>
  )
}

function Open({ onOpen }: { onOpen: (draft: Draft) => void }) {
  const [wrong, setWrong] = useState<string | null>(null)
  const read = async (files: FileList | null) => {
    const file = files?.[0]
    if (!file) return
    const long = file.size > TEXT_MAX
    setWrong(long ? `${file.name} is longer than 256 KiB` : null)
    if (!long) onOpen({ name: file.name, text: await file.text() })
  }
  return (
    <>
      <label class={style.open}>
        Open a file…
        <input
          type="file"
          accept=".yaml,.yml"
          onChange={(event) => {
            void read(event.currentTarget.files)
            event.currentTarget.value = ''
          }}
        />
      </label>
      {wrong && <span role="alert">{wrong}</span>}
    </>
  )
}

function Nothing({ onAdd }: { onAdd: (draft: Draft) => void }) {
  return (
    <Empty title="No scenario yet" command={EXAMPLE.text}>
      <p>
        A scenario is a file: where business figures stand, how they grow, what may happen, and what they need. Ten thousand draws say when
        each resource is short, what is missing, when to order and what it costs.
      </p>
      <p class={style.start}>
        <Button kind="main" onPress={() => onAdd(EXAMPLE)}>
          Start with this example
        </Button>
        <Open onOpen={onAdd} />
      </p>
    </Empty>
  )
}

type WorkbenchProps = { current: Draft; shown: readonly Draft[]; onWrite: (text: string) => void; onRemove: () => void }

function Workbench({ current, shown, onWrite, onRemove }: WorkbenchProps) {
  const settled = useSettled(current)
  const texts = shown.map((draft) => (draft.name === current.name ? settled : draft.text))
  const answers = useOutcomes(texts)
  const compared = useKept(shown.map(({ name }, index) => ({ name, outcome: answers[index]?.data ?? null })))
  const own = answers[shown.findIndex(({ name }) => name === current.name)]
  const running = settled !== current.text || (own?.isFetching ?? true)
  return (
    <div class={style.bench}>
      <Editor draft={current} running={running} error={own?.error ?? null} outcome={own?.data ?? null} onWrite={onWrite} onRemove={onRemove} />
      <div class={style.outcome} aria-busy={running}>
        <Comparison compared={compared} />
      </div>
    </div>
  )
}

/** The text once nobody has typed for a moment. Another scenario needs no moment. */
function useSettled({ name, text }: Draft): string {
  const [settled, setSettled] = useState({ name, text })
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ name, text }), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [name, text])
  return settled.name === name ? settled.text : text
}

/** While a text is being changed, or is wrong, what it last came to stays. */
function useKept(now: readonly { name: string; outcome: Compared['outcome'] | null }[]): Compared[] {
  const [kept] = useState(() => new Map<string, Compared['outcome']>())
  const found: Compared[] = []
  for (const { name, outcome } of now) {
    if (outcome) kept.set(name, outcome)
    const last = kept.get(name)
    if (last) found.push({ name, outcome: last, old: outcome === null })
  }
  return found
}

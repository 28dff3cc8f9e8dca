// A scenario as text, checked as it is written: what is wrong is said with its line marked.
import { useRef } from 'preact/hooks'

import type { Failure } from '../../../api/client'
import type { OutcomeView } from '../../../api/types'
import { Word } from '../../../parts/level'
import { Button } from '../../../parts/form/form'
import { counted } from '../../../text/numbers'
import { markedLine, TEXT_MAX, type Draft } from './drafts'
import { Freeze } from './frozen/freeze'
import style from './scenarios.module.css'

type Props = {
  draft: Draft
  running: boolean
  error: Failure | null
  outcome: OutcomeView | null
  onWrite: (text: string) => void
  onRemove: () => void
}

export function Editor({ draft, running, error, outcome, onWrite, onRemove }: Props) {
  const gutter = useRef<HTMLPreElement>(null)
  const lines = draft.text.split('\n').length
  const marked = error ? markedLine(error.message) : null
  return (
    <section class={style.editor} aria-label="The scenario as text">
      <div class={style.head}>
        <h2>{draft.name}</h2>
        <span role="status">
          {running ? (
            <Word mood="pending" word="running" />
          ) : error ? (
            <Word mood="critical" word={marked === null ? 'refused' : `line ${marked} is refused`} />
          ) : (
            <Word mood="fine" word={outcome ? `${counted(outcome.ends.length, 'month')}` : 'checked'} />
          )}
        </span>
      </div>
      <div class={style.sheet} data-wrong={error !== null && !running}>
        <pre ref={gutter} class={style.gutter} aria-hidden="true">
          {Array.from({ length: lines }, (_, index) => (
            <span key={index + 1} data-marked={index + 1 === marked}>{`${index + 1}\n`}</span>
          ))}
        </pre>
        <textarea
          class={style.text}
          aria-label={`Text of ${draft.name}`}
          aria-invalid={error !== null}
          aria-describedby={error ? 'scenario-wrong' : undefined}
          spellcheck={false}
          autocomplete="off"
          wrap="off"
          rows={Math.min(40, Math.max(14, lines + 1))}
          maxLength={TEXT_MAX}
          value={draft.text}
          onInput={(event) => onWrite(event.currentTarget.value)}
          onScroll={(event) => {
            if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop
          }}
        />
      </div>
      {error && !running && <Wrong error={error} />}
      <p class={style.hint}>
        Kept in this browser only. What is to last belongs into a file, and the file into git; <code>plimsoll plan scenario run {draft.name}</code>{' '}
        says the same of it.
      </p>
      <div class={style.actions}>
        <Button onPress={() => download(draft)}>Download</Button>
        {!error && <Freeze key={draft.name} draft={draft} />}
        <Button kind="bare" onPress={onRemove}>
          Remove
        </Button>
      </div>
    </section>
  )
}

/** The first mistake, and the others for whoever wants them: they often follow from it. */
function Wrong({ error }: { error: Failure }) {
  const [first = '', ...others] = error.message.trim().split(/\n\n(?=error)/)
  return (
    <div id="scenario-wrong" class={style.wrong} role="alert">
      <pre>{first}</pre>
      {error.help && <p>{error.help}</p>}
      {others.length > 0 && (
        <details>
          <summary>{counted(others.length, 'more mistake')}</summary>
          <pre>{others.join('\n\n')}</pre>
        </details>
      )}
    </div>
  )
}

function download({ name, text }: Draft): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}

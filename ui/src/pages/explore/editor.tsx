// The field for a query, with completion under it. Enter runs, Tab takes an offer, Esc puts the list away.
import { useEffect, useRef, useState } from 'preact/hooks'

import { accept, spotAt, type Offer, type Spot } from './complete/complete'
import style from './explore.module.css'
import { useOffers } from './complete/offers'

type Props = { text: string; onText: (text: string) => void; onRun: () => void; wrong: boolean }

export function Editor({ text, onText, onRun, wrong }: Props) {
  const field = useRef<HTMLTextAreaElement>(null)
  const [spot, setSpot] = useState<Spot | null>(null)
  const [at, setAt] = useState(-1)
  const offers = useOffers(spot)
  const only = offers.length === 1 && offers[0]?.text === spot?.typed
  const open = spot !== null && offers.length > 0 && !only

  useEffect(() => {
    const element = field.current
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight + 2}px`
  }, [text])

  const look = () => {
    const element = field.current
    if (!element) return
    setSpot(spotAt(element.value, element.selectionStart))
    setAt(-1)
  }

  const take = (offer: Offer | undefined) => {
    const element = field.current
    if (!element || !spot || !offer) return
    const next = accept(element.value, element.selectionStart, spot, offer)
    onText(next.text)
    setSpot(null)
    element.value = next.text
    element.setSelectionRange(next.caret, next.caret)
    element.focus()
  }

  const onKeyDown = (event: KeyboardEvent) => {
    const act = actionOf(event, open)
    if (!act) return
    event.preventDefault()
    if (act === 'run' && !(open && at >= 0)) {
      setSpot(null)
      onRun()
    } else if (act === 'run' || act === 'take') take(offers[Math.max(0, at)])
    else if (act === 'open') look()
    else if (act === 'close') setSpot(null)
    else if (act === 'leave') field.current?.blur()
    else setAt(act === 'next' ? Math.min(offers.length - 1, at + 1) : Math.max(0, at - 1))
  }

  return (
    <div class={style.editor} data-wrong={wrong}>
      <textarea
        aria-label="PromQL query"
        ref={field}
        class={style.field}
        rows={1}
        data-filter
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        placeholder="rate(node_cpu_seconds_total[5m])"
        value={text}
        aria-invalid={wrong}
        aria-haspopup="listbox"
        aria-autocomplete="list"
        aria-controls={open ? 'offers' : undefined}
        aria-activedescendant={open && at >= 0 ? `offer-${at}` : undefined}
        onInput={(event) => {
          onText(event.currentTarget.value)
          look()
        }}
        onKeyDown={onKeyDown}
        onClick={() => setSpot(null)}
        onBlur={() => setSpot(null)}
      />
      <button type="button" class={style.run} onClick={onRun} title="Run (Enter)">
        Run
      </button>
      <span class="unseen" role="status">
        {open ? `${offers.length} offers. Arrow keys choose, Tab takes.` : ''}
      </span>
      {open && <Offers offers={offers} at={at} onTake={take} />}
    </div>
  )
}

type OffersProps = { offers: readonly Offer[]; at: number; onTake: (offer: Offer) => void }

function Offers({ offers, at, onTake }: OffersProps) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [at])
  return (
    <div ref={list} class={style.offers} id="offers" role="listbox" aria-label="Completions">
      {offers.map((offer, index) => (
        <div
          key={offer.text + offer.note}
          id={`offer-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          // Before the field loses the focus, and with it the list.
          onMouseDown={(event) => {
            event.preventDefault()
            onTake(offer)
          }}
        >
          <code>{offer.text}</code>
          <span>{offer.note}</span>
        </div>
      ))}
    </div>
  )
}

type Action = 'run' | 'take' | 'open' | 'close' | 'leave' | 'next' | 'previous'

function actionOf(event: KeyboardEvent, open: boolean): Action | null {
  if (event.isComposing) return null
  if (event.key === 'Enter') return event.shiftKey ? null : 'run'
  if (event.key === ' ' && event.ctrlKey) return 'open'
  if (event.key === 'Escape') return open ? 'close' : 'leave'
  if (!open) return null
  if (event.key === 'Tab' && !event.shiftKey) return 'take'
  if (event.key === 'ArrowDown') return 'next'
  return event.key === 'ArrowUp' ? 'previous' : null
}

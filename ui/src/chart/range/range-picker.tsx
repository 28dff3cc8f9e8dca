// From minutes to years: the spans, back and forth, two exact moments, and the keys for all of it.
import { useEffect, useState } from 'preact/hooks'

import { useAddress } from '../../address/address'
import { bounds, PRESETS, shift, writeWindow, zoom, type Window } from '../../address/window'
import { useKeys } from '../../shell/keys'
import { momentFull, saySpan } from '../../text/time'
import style from './range-picker.module.css'

type Props = { window: Window; onChange: (next: Window) => void }

export function RangePicker({ window, onChange }: Props) {
  const { link } = useAddress()
  const [open, setOpen] = useState(false)
  const back = () => onChange(shift(window, -1, Date.now()))
  const forth = () => onChange(shift(window, 1, Date.now()))
  const closer = () => onChange(zoom(window, 'in', Date.now()))
  const wider = () => onChange(zoom(window, 'out', Date.now()))
  useKeys({ '[': back, ']': forth, '+': closer, '=': closer, '-': wider })

  return (
    <div class={style.picker} role="group" aria-label="Time range">
      <div class={style.spans}>
        {PRESETS.map((preset) => (
          <a
            key={preset.text}
            class={style.span}
            href={link(writeWindow({ kind: 'moving', span: preset.span }))}
            aria-label={`last ${saySpan(preset.span)}`}
            aria-current={window.kind === 'moving' && window.span === preset.span ? 'true' : undefined}
          >
            {preset.text}
          </a>
        ))}
      </div>
      <div class={style.moves}>
        <button type="button" onClick={back} aria-label="Earlier" title="Earlier  [">
          ‹
        </button>
        <button type="button" class={style.shown} aria-expanded={open} onClick={() => setOpen(!open)}>
          {said(window)}
        </button>
        <button type="button" onClick={forth} aria-label="Later" title="Later  ]" disabled={window.kind === 'moving'}>
          ›
        </button>
        <button type="button" onClick={wider} aria-label="Zoom out" title="Zoom out  -">
          −
        </button>
        <button type="button" onClick={closer} aria-label="Zoom in" title="Zoom in  +">
          +
        </button>
      </div>
      {open && <Moments window={window} onChange={onChange} onClose={() => setOpen(false)} />}
    </div>
  )
}

function said(window: Window): string {
  if (window.kind === 'moving') return `last ${saySpan(window.span)}`
  return `${momentFull(window.from).replace(/:\d\d$/, '')} – ${momentFull(window.to).replace(/:\d\d$/, '')}`
}

function Moments({ window, onChange, onClose }: Props & { onClose: () => void }) {
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  useEffect(() => {
    const shown = bounds(window, Date.now())
    setFrom(local(shown.from))
    setTo(local(shown.to))
  }, [window])
  const wrong = from !== '' && !(Date.parse(to) > Date.parse(from))
  const submit = (event: Event) => {
    event.preventDefault()
    if (wrong) return
    onChange({ kind: 'fixed', from: Date.parse(from), to: Date.parse(to) })
    onClose()
  }
  return (
    <form class={style.moments} onSubmit={submit}>
      <label>
        From <input type="datetime-local" value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
      </label>
      <label>
        To <input type="datetime-local" value={to} onInput={(event) => setTo(event.currentTarget.value)} />
      </label>
      <button type="submit" disabled={wrong}>
        Show
      </button>
      {wrong && <span role="status">The end must lie after the beginning.</span>}
    </form>
  )
}

/** As a field for date and time wants it: the reader's zone, without one named. */
function local(at: number): string {
  const offset = new Date(at).getTimezoneOffset() * 60_000
  return new Date(at - offset).toISOString().slice(0, 16)
}

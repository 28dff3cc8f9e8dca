// What each line is, and its value where the crosshair stands, or the latest.
import { momentFull } from '../text/time'
import style from './chart.module.css'
import type { Columns, Line, Picture } from './plot'

type Props = { picture: Picture; columns: Columns; index: number; pointed: boolean }

export function Legend({ picture, columns, index, pointed }: Props) {
  const at = columns.times[index]
  return (
    <div class={style.legend}>
      <span class={style.at}>{at === undefined ? '' : `${pointed ? '' : 'latest, '}${momentFull(at)}`}</span>
      {picture.lines.map((line, number) => {
        if (line.quiet) return null
        const value = columns.values[number]?.[index]
        return (
          <span key={line.token + line.label} class={style.entry}>
            <Swatch line={line} />
            <span>{line.label}</span>
            <b>{typeof value === 'number' ? picture.say(value) : '–'}</b>
          </span>
        )
      })}
    </div>
  )
}

export function Swatch({ line }: { line: Line }) {
  return (
    <svg class={style.swatch} width="18" height="8" aria-hidden="true">
      <path d="M0 4h18" stroke={`var(--${line.token})`} stroke-width="2" stroke-dasharray={line.dash?.join(' ')} />
    </svg>
  )
}

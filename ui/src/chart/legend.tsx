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
      {picture.usual && <Usual picture={picture} usual={picture.usual} columns={columns} index={index} />}
    </div>
  )
}

type UsualProps = { picture: Picture; usual: { high: number; low: number }; columns: Columns; index: number }

function Usual({ picture, usual, columns, index }: UsualProps) {
  const low = columns.values[usual.low]?.[index]
  const high = columns.values[usual.high]?.[index]
  return (
    <span class={style.entry}>
      <svg class={style.swatch} width="18" height="10" aria-hidden="true">
        <rect width="18" height="10" rx="1" fill="var(--fill)" fill-opacity="0.3" />
      </svg>
      <span>usual at this hour</span>
      <b>{typeof low === 'number' && typeof high === 'number' ? `${picture.say(low)} – ${picture.say(high)}` : '–'}</b>
    </span>
  )
}

export function Swatch({ line }: { line: Line }) {
  return (
    <svg class={style.swatch} width="18" height="8" aria-hidden="true">
      <path d="M0 4h18" stroke={`var(--${line.token})`} stroke-width="2" stroke-dasharray={line.dash?.join(' ')} />
    </svg>
  )
}

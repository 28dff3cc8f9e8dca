// The lines of a drawn picture by which its height is read, each with its word beside it.
import style from './drawn.module.css'

type Props = {
  /** Values worth a line. */
  values: readonly number[]
  y: (value: number) => number
  /** Where the lines begin and end. */
  from: number
  to: number
  say: (value: number) => string
}

export function Ruled({ values, y, from, to, say }: Props) {
  return (
    <>
      {values.map((value) => (
        <g key={value}>
          <path class={style.grid} d={`M${from} ${y(value)}H${to}`} />
          <text class={style.tick} x={from - 8} y={y(value) + 4} text-anchor="end">
            {say(value)}
          </text>
        </g>
      ))}
    </>
  )
}

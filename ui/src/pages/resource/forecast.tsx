// When each line is reached, and how far that is to be trusted.
import type { ForecastOutlook, ForecastView, ResourceDetail } from '../../api/types'
import { Empty } from '../../parts/face/face'
import { Sheet } from '../../parts/page/page'
import { outlookText } from '../../parts/room/outlook'
import { useNow } from '../../shell/now'
import { counted, percent, quoted, say } from '../../text/numbers'
import { dateOnly, MINUTE, moment, saySpan } from '../../text/time'
import style from './resource.module.css'

export function Forecast({ resource }: { resource: ResourceDetail }) {
  const { forecast } = resource
  if (forecast.kind === 'too_little_history') return <TooLittle forecast={forecast} />
  return (
    <Sheet>
      <ul class={style.outlooks}>
        {forecast.outlooks.map((outlook) => (
          <li key={outlook.line}>
            <span class={style.line}>{outlook.line}</span>
            <span>
              {outlookText(outlook.text)}
              {outlook.chance_lead !== null && outlook.chance_lead >= 0.01 && (
                <span class={style.chance}> {percent(outlook.chance_lead)} likely before more can be had</span>
              )}
            </span>
            <Likely outlook={outlook} />
          </li>
        ))}
      </ul>
      <p class={style.trust}>
        {percent(forecast.confidence)} of futures lie in the band. {forecast.model ? `Learnt as ${forecast.model}` : 'It goes on as it was'}
        {forecast.trials !== null && forecast.trials > 0 && forecast.error_past !== null && (
          <>
            , wrong by {say(resource.unit, forecast.error_past)} on average in {counted(forecast.trials, 'trial')} on the recorded past
          </>
        )}
        .{forecast.notes.map((note) => ` ${sentence(quoted(note))}`)}
      </p>
    </Sheet>
  )
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function Likely({ outlook: { likely, earliest_80, latest_80 } }: { outlook: ForecastOutlook }) {
  const now = useNow(MINUTE)
  if (likely === null || likely <= now) return null
  return (
    <span class={style.likely}>
      likely {dateOnly(likely, now)}, in {saySpan(likely - now)}
      {earliest_80 !== null && latest_80 !== null && dateOnly(earliest_80, now) !== dateOnly(latest_80, now) && (
        <span class={style.chance}>
          80 %: {dateOnly(earliest_80, now)} – {dateOnly(latest_80, now)}
        </span>
      )}
    </span>
  )
}

function TooLittle({ forecast }: { forecast: ForecastView }) {
  const now = useNow(MINUTE)
  const { have_ms, need_ms, ready_at } = forecast
  if (have_ms === null || need_ms === null) {
    return <Empty title="The first forecast is being made">It comes within seconds.</Empty>
  }
  const part = need_ms > 0 ? Math.min(1, have_ms / need_ms) : 0
  return (
    <Empty title="Too little history for a forecast" command="plimsoll import --help">
      <p>
        {have_ms < MINUTE ? 'There is hardly any yet' : `There are ${saySpan(have_ms)}`}; it takes {saySpan(need_ms)}
        {ready_at !== null && `: ready on ${moment(ready_at, now)} if samples keep coming`}.
      </p>
      <progress class={style.progress} value={part} max={1} aria-label="History gathered" />
      <p>Older samples can be brought in:</p>
    </Empty>
  )
}

// How much the answers above rest on, each figure with the way to it.
import type { Overview } from '../../api/types'
import { Figures } from '../../parts/sheet/facts'
import { plain, whole } from '../../text/numbers'
import { saySpan } from '../../text/time'
import { useNow } from '../../shell/now'

export function Watching({ overview }: { overview: Overview }) {
  const now = useNow(30_000)
  const { targets_up, targets_down, series, samples_per_second, oldest_sample } = overview.watching
  return (
    <Figures>
      <Figure name="Targets that answer" to="/targets" value={`${targets_up} of ${targets_up + targets_down}`} />
      <Figure name="Series" to="/explore" value={whole(series)} />
      <Figure name="Samples a second" to="/status" value={plain(samples_per_second)} />
      <Figure
        name="History"
        to="/explore?query=up&range=24h"
        value={oldest_sample === null ? 'none yet' : saySpan(Math.max(0, now - oldest_sample))}
      />
      <Figure name="Running for" to="/status" value={saySpan(Math.max(0, now - overview.started_at))} />
    </Figures>
  )
}

function Figure({ name, value, to }: { name: string; value: string; to: string }) {
  return (
    <div>
      <dt>
        <a href={to}>{name}</a>
      </dt>
      <dd>{value}</dd>
    </div>
  )
}

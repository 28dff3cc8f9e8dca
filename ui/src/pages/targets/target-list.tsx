// Targets, one line each; on a narrow screen a line becomes a card.
import { patched } from '../../address/window'
import type { TargetView } from '../../api/types'
import { labelLine } from '../../parts/labels'
import { HEALTH_MOOD, Word } from '../../parts/level'
import { useNow } from '../../shell/now'
import { whole } from '../../text/numbers'
import { ago, momentFull, saySpan } from '../../text/time'
import style from './targets.module.css'

export function TargetList({ targets, label }: { targets: readonly TargetView[]; label: string }) {
  return (
    <div class={style.list}>
      <div class={style.header} aria-hidden="true">
        <span>Health</span>
        <span>Target</span>
        <span class={style.number}>Last answer</span>
        <span class={style.number}>Took</span>
        <span class={style.number}>Samples</span>
        <span class={style.number}>Every</span>
      </div>
      <ul aria-label={label}>
        {targets.map((target) => (
          <Row key={target.url + target.instance} target={target} />
        ))}
      </ul>
    </div>
  )
}

function Row({ target }: { target: TargetView }) {
  const { job, instance, url, health, error, labels } = target
  const evidence = patched('/explore', {}, { query: `up{job="${job}",instance="${instance}"}`, range: '1h' })
  return (
    <li class={style.row} data-health={health}>
      <span class={style.health}>
        <Word mood={HEALTH_MOOD[health]} word={health} />
      </span>
      <span class={style.name}>
        <a href={evidence}>{instance}</a>
        <span class={style.url}>{url === 'host' ? 'this host, read directly' : url}</span>
        <span class={style.url}>{labelLine(labels, ['job', 'instance'])}</span>
      </span>
      <LastAnswer target={target} />
      <span class={style.number} data-name="took">
        {target.duration_ms === null ? '–' : target.duration_ms < 1 ? '< 1\u00a0ms' : saySpan(target.duration_ms)}
      </span>
      <span class={style.number} data-name="samples">
        {target.samples === null ? '–' : whole(target.samples)}
      </span>
      <span class={style.number} data-name="every">
        {saySpan(target.interval_ms)}
      </span>
      {error && (
        <p class={style.error}>
          <span class="unseen">Error: </span>
          {error}
        </p>
      )}
    </li>
  )
}

function LastAnswer({ target }: { target: TargetView }) {
  const now = useNow()
  const { last_scrape: at } = target
  return (
    <span class={style.number} data-name="last">
      {at === null ? (
        'not yet'
      ) : (
        <time dateTime={new Date(at).toISOString()} title={momentFull(at)}>
          {ago(at, now)}
        </time>
      )}
    </span>
  )
}

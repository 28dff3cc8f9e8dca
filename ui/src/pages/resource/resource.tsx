// One resource: how much is left and until when, its history and forecast, its alerts, and what it is made of.
import { useRoute } from 'preact-iso'

import { useOverview, useResource } from '../../api/queries'
import type { ResourceDetail } from '../../api/types'
import { AlertList } from '../../parts/alert/alert-list'
import { Empty, Face } from '../../parts/face/face'
import { Labels } from '../../parts/labels'
import { Word } from '../../parts/level'
import { Pair, Path, Section, useTitle } from '../../parts/page/page'
import { Advice, Standing, Verdict } from '../../parts/page/standing'
import { Expression, Facts as FactSheet } from '../../parts/sheet/facts'
import { Meter } from '../../parts/room/meter'
import { outlookText } from '../../parts/room/outlook'
import { useNow } from '../../shell/now'
import { percent } from '../../text/numbers'
import { MINUTE, saySpan } from '../../text/time'
import { Chances } from './chances'
import { spanFor } from './columns'
import { Forecast } from './forecast'
import { History } from './history'
import { Record } from './record'
import style from './resource.module.css'

export default function Resource() {
  const { params } = useRoute()
  const id = params['id'] ?? ''
  const asked = useResource(id)
  return (
    <>
      <Path to="/resources" list="Resources" here={asked.data?.title ?? id} />
      <Face asked={asked} what="resource" rows={8}>
        {(resource) => <Full key={resource.id} resource={resource} />}
      </Face>
    </>
  )
}

function Full({ resource }: { resource: ResourceDetail }) {
  useTitle(resource.title)
  const overview = useOverview()
  const now = useNow(MINUTE)
  const oldest = overview.data?.watching.oldest_sample ?? null
  const ready = overview.data !== undefined || overview.error !== null
  return (
    <>
      <Room resource={resource} />
      {ready && <History resource={resource} span={spanFor(resource.nature, oldest === null ? null : now - oldest)} />}
      <Pair>
        <Section title="When lines are reached">
          <Forecast resource={resource} />
        </Section>
        <Section title="Alerts">
          {resource.alerts.length === 0 ? (
            <Empty title="No alert">
              One comes when a line is crossed for {saySpan(resource.hold_ms)}, or will be within {saySpan(resource.lead_time_ms)}.
            </Empty>
          ) : (
            <AlertList alerts={resource.alerts} label="Alerts of this resource" />
          )}
        </Section>
      </Pair>
      <div class={style.chances}>
        <Chances resource={resource} />
      </div>
      <Section title="How forecasts have fared" note="of the last 30 days, once their time had come">
        <Record resource={resource} />
      </Section>
      <Section title="What it is">
        <Facts resource={resource} />
      </Section>
    </>
  )
}

function Room({ resource }: { resource: ResourceDetail }) {
  const { title, level, share, thresholds, outlook } = resource
  return (
    <Standing
      title={title}
      words={
        <>
          <Word mood={level} />
          <Labels labels={resource.labels} />
        </>
      }
    >
      {share === null ? (
        <Empty title="No reading" command={`plimsoll query '${resource.used_expr}'`}>
          One of its two expressions gives nothing now:
        </Empty>
      ) : (
        <>
          <Verdict>
            <b>{resource.headroom_text}</b> left<span> · {outlookText(outlook.text)}</span>
          </Verdict>
          <Meter share={share} level={level} thresholds={thresholds} label={`${title}: used`} tall />
          <p class={style.used}>
            <b>{resource.share_text}</b> used: {resource.used_text} of {resource.limit_text}
            <span class={style.lines}>
              lines at {percent(thresholds.warning)} warning, {percent(thresholds.alert)} told, {percent(thresholds.critical)} critical
            </span>
          </p>
        </>
      )}
      {resource.advice && level !== 'fine' && <Advice>{resource.advice}</Advice>}
    </Standing>
  )
}

function Facts({ resource }: { resource: ResourceDetail }) {
  return (
    <FactSheet>
      <dt>Used</dt>
      <dd>
        <Expression text={resource.used_expr} />
      </dd>
      <dt>Limit</dt>
      <dd>
        <Expression text={resource.limit_expr} />
      </dd>
      <dt>Nature</dt>
      <dd>{resource.nature === 'stock' ? 'stock: piles up until somebody clears it' : 'flow: comes and goes with load'}</dd>
      <dt>Owner</dt>
      <dd>{resource.owner || 'nobody'}</dd>
      <dt>Held for</dt>
      <dd>{saySpan(resource.hold_ms)} before a crossed line is an alert</dd>
      <dt>Lead time</dt>
      <dd>{saySpan(resource.lead_time_ms)} to get more of it</dd>
      {resource.advice && (
        <>
          <dt>Advice</dt>
          <dd>{resource.advice}</dd>
        </>
      )}
    </FactSheet>
  )
}

// One alert: what holds, what speaks for it, what became of it, who was told, and what keeps it quiet.
import { useRoute } from 'preact-iso'

import { useAlert } from '../../../api/queries'
import type { AlertDetail, AlertView } from '../../../api/types'
import { When, silenceOf } from '../../../parts/alert/alert-row'
import { evidenceOf, makerOf } from '../../../parts/alert/evidence'
import { Quiet } from '../../../parts/alert/quiet'
import { Face } from '../../../parts/face/face'
import { LinkButton } from '../../../parts/form/form'
import { Labels } from '../../../parts/labels'
import { alertMood, Word } from '../../../parts/level'
import { Pair, Path, Section, useTitle } from '../../../parts/page/page'
import { Standing as Top } from '../../../parts/page/standing'
import { unbroken } from '../../../text/numbers'
import { Course } from './course'
import { Changed, Origin, Standing } from './facts'
import style from './one.module.css'
import { Silences } from './quiet'
import { Steps, Told } from './told'

export default function OneAlert() {
  const { params } = useRoute()
  const id = params['id'] ?? ''
  const asked = useAlert(id)
  return (
    <>
      <Path to="/alerts" list="Alerts" here={asked.data?.alert.name ?? id} />
      <Face asked={asked} what="alert" rows={8}>
        {(detail) => <Full key={detail.alert.id} detail={detail} />}
      </Face>
    </>
  )
}

function Full({ detail }: { detail: AlertDetail }) {
  const { alert, history, told, cut } = detail
  useTitle(alert.summary || alert.name)
  const { severity, state } = alert
  return (
    <>
      <Top
        title={alert.name}
        words={
          <>
            <Word mood={alertMood(state, severity)} word={state === 'firing' ? severity : state} />
            <span class={style.faint}>
              <When alert={alert} />
            </span>
          </>
        }
      >
        {alert.summary && <p class={style.said}>{unbroken(alert.summary)}</p>}
        {alert.description && <p class={style.described}>{unbroken(alert.description)}</p>}
        <Labels labels={alert.labels} hide={['alertname']} />
        <Quiet reasons={alert.quiet_because} />
        <Acts alert={alert} />
      </Top>
      <Standing detail={detail} />
      <Course alert={alert} />
      <Pair>
        <Changed detail={detail} />
        <Section title="Who was told">
          <Told told={told} alert={alert} />
        </Section>
      </Pair>
      <Pair>
        <Section title="What became of it" note={cut ? 'the latest' : null}>
          <Steps steps={history} alert={alert} />
        </Section>
        <Silences alert={alert} />
      </Pair>
      <Origin detail={detail} />
    </>
  )
}

/** What to do comes before keeping it quiet. */
function Acts({ alert }: { alert: AlertView }) {
  const runbook = alert.annotations['runbook_url']
  const leads = runbook !== undefined && /^https?:\/\//.test(runbook)
  const evidence = evidenceOf(alert)
  const maker = makerOf(alert)
  return (
    <div class={style.acts}>
      {leads && (
        <LinkButton kind="main" to={runbook}>
          Runbook
        </LinkButton>
      )}
      {maker && (
        <LinkButton kind={leads ? 'plain' : 'main'} to={maker.to}>
          {maker.word}
        </LinkButton>
      )}
      {evidence && evidence.to !== maker?.to && <LinkButton to={evidence.to}>Explore</LinkButton>}
      {alert.state !== 'resolved' && <LinkButton to={silenceOf(alert)}>Silence</LinkButton>}
    </div>
  )
}

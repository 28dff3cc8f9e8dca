// One alert: what holds, what speaks for it, what became of it, and who was told.
import { useRoute } from 'preact-iso'

import { useAlert } from '../../../api/queries'
import type { AlertDetail } from '../../../api/types'
import { When, silenceOf } from '../../../parts/alert/alert-row'
import { evidenceOf } from '../../../parts/alert/evidence'
import { Quiet } from '../../../parts/alert/quiet'
import { Face } from '../../../parts/face/face'
import { LinkButton } from '../../../parts/form/form'
import { Labels } from '../../../parts/labels'
import { alertMood, Word } from '../../../parts/level'
import { Section, useTitle } from '../../../parts/page'
import { Chevron } from '../../../shell/icons'
import { unbroken } from '../../../text/numbers'
import style from '../alerts.module.css'
import { Course } from './course'
import { Evidence } from './facts'
import { Steps, Told } from './told'

export default function OneAlert() {
  const { params } = useRoute()
  const id = params['id'] ?? ''
  const asked = useAlert(id)
  return (
    <>
      <nav class={style.path} aria-label="Where this is">
        <a href="/alerts">Alerts</a>
        <Chevron />
        <span aria-current="page">{asked.data?.alert.name ?? id}</span>
      </nav>
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
  const evidence = evidenceOf(alert)
  return (
    <>
      <header class={style.top}>
        <div class={style.name}>
          <h1>{alert.name}</h1>
          <Word mood={alertMood(state, severity)} word={state === 'firing' ? severity : state} />
          <span class={style.faint}>
            <When alert={alert} />
          </span>
        </div>
        {alert.summary && <p class={style.said}>{unbroken(alert.summary)}</p>}
        {alert.description && <p>{alert.description}</p>}
        <Labels labels={alert.labels} />
        <Quiet reasons={alert.quiet_because} />
        <div class={style.acts}>
          {state !== 'resolved' && (
            <LinkButton kind="main" to={silenceOf(alert)}>
              Silence
            </LinkButton>
          )}
          {evidence && <LinkButton to={evidence.to}>{alert.resource_id ? 'The resource' : 'Explore'}</LinkButton>}
          <LinkButton to={`/rules?find=${encodeURIComponent(alert.name)}`}>The rule</LinkButton>
          {alert.annotations['runbook_url'] && /^https?:\/\//.test(alert.annotations['runbook_url']) && (
            <LinkButton to={alert.annotations['runbook_url']}>Runbook</LinkButton>
          )}
        </div>
      </header>
      <Course alert={alert} />
      <Evidence alert={alert} />
      <div class={style.pair}>
        <Section title="What became of it" note={cut ? 'the latest' : null}>
          <Steps steps={history} />
        </Section>
        <Section title="Who was told">
          <Told told={told} alert={alert} />
        </Section>
      </div>
    </>
  )
}

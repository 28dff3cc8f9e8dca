// What a change is worth beside doing nothing, from figures that somebody types.
import { useState } from 'preact/hooks'

import { useAddress } from '../../../address/address'
import { useBenefit } from '../../../api/plan'
import type { BenefitView } from '../../../api/types'
import { Empty, Face } from '../../../parts/face/face'
import { Button, Field } from '../../../parts/form/form'
import { Head, Section } from '../../../parts/page/page'
import { Soft, Verdict } from '../../../parts/page/standing'
import { percent } from '../../../text/numbers'
import { moneyOr } from '../sizes/money'
import { PlanTabs } from '../tabs'
import { Benefits } from './benefits'
import { MONTHS, PARTS, WAYS, wishOf, wrongOf, type Part, type Typed, type Way } from './wish'
import { paybackText } from './words'
import style from './worth.module.css'

const TITLES: Record<Way, string> = { now: 'Going on as now', instead: 'The change' }
const LABELS: Record<Part, string> = { once: 'Costs once', month: 'Costs a month', over: 'Hours of trouble a month' }
const EXAMPLE = { now_month: '900', now_over: '2', instead_once: '2000..4000', instead_month: '500..600', instead_over: '0..1', hour: '300' }

export default function Worth() {
  const { query } = useAddress()
  const wish = wishOf(query)
  const asked = useBenefit(wish)
  return (
    <>
      <Head title="What a change is worth" note="beside doing nothing">
        <PlanTabs />
      </Head>
      <Figures key={JSON.stringify(wish)} typed={query} />
      {wish === null ? (
        <Nothing />
      ) : (
        <Face asked={asked} what="worth" rows={3}>
          {(benefit) => <Answer benefit={benefit} />}
        </Face>
      )}
    </>
  )
}

function Nothing() {
  const { set } = useAddress()
  return (
    <Empty title="Two ways to go on" command="plimsoll plan benefit --now 900 --once 2000..4000 --month 500..600 --over-hour-cost 300">
      <p>
        Say what going on as now costs, and what the change costs. What is not certain has its least and its most: 500..600, or with the
        likeliest between: 500..520..600. Ten thousand futures say what is left of the difference in money of today, and how sure that is.
      </p>
      <p class={style.start}>
        <Button kind="main" onPress={() => set({ ...EXAMPLE })}>
          Start with this example
        </Button>
      </p>
    </Empty>
  )
}

/** Taken once they are figures, and then in the address. */
function Figures({ typed }: { typed: Typed }) {
  const { set } = useAddress()
  const [fields, setFields] = useState<Typed>(typed)
  const wrong = wrongOf(fields)
  const field = (name: string, label: string, hint?: string, placeholder?: string) => (
    <Field
      key={name}
      label={label}
      value={fields[name] ?? ''}
      wrong={wrong.has(name)}
      {...(wrong.has(name) ? { hint: name === 'months' ? 'a whole number from 1 to 120' : 'a number, or its least..most' } : hint ? { hint } : {})}
      {...(placeholder ? { placeholder } : {})}
      onText={(text) => setFields({ ...fields, [name]: text })}
    />
  )
  const submit = (event: Event) => {
    event.preventDefault()
    if (wrong.size > 0) return
    const names = [...WAYS.flatMap((way) => PARTS.map((part) => `${way}_${part}`)), 'hour', 'months']
    set(Object.fromEntries(names.map((name) => [name, fields[name]?.trim() || null])))
  }
  return (
    <form class={style.form} onSubmit={submit} noValidate>
      {WAYS.map((way) => (
        <fieldset key={way} class={style.way}>
          <legend>{TITLES[way]}</legend>
          {PARTS.map((part) => field(`${way}_${part}`, LABELS[part]))}
        </fieldset>
      ))}
      <fieldset class={style.way}>
        <legend>For both</legend>
        {field('hour', 'What an hour of trouble costs', 'else as the settings have it; all money in one currency')}
        {field('months', 'Counted over so many months', undefined, String(MONTHS))}
        <span class={style.show}>
          <Button kind="main" submit disabled={wrong.size > 0}>
            Show
          </Button>
        </span>
      </fieldset>
    </form>
  )
}

function Answer({ benefit }: { benefit: BenefitView }) {
  const { months, npv, chance } = benefit
  const pays = npv.p50 >= 0
  return (
    <>
      <Verdict>
        {pays ? 'Worth' : 'Loses'} <b>{moneyOr(Math.abs(npv.p50), '')}</b>
        <span> within {months} months</span>
      </Verdict>
      <Soft>
        {percent(Math.round(chance * 100) / 100)} sure that more comes back than goes in; paid back {paybackText(benefit)}. In money of today: what
        lies ahead counts for less.
      </Soft>
      <Section title="Beside each other" note="the middle, and what eight of ten futures lie between">
        <Benefits
          label="What the change is worth"
          weighed={[{ name: 'The change', benefit, currency: '' }]}
          nothing="Going on as now"
          instead="The change"
        />
      </Section>
    </>
  )
}

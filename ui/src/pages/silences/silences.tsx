// What is kept quiet: those that hold first, each with its reason and its end.
import { useState } from 'preact/hooks'

import { useAddress } from '../../address/address'
import { patched } from '../../address/window'
import { useEndSilence, useSilences } from '../../api/silences'
import type { SilenceList, SilenceState, SilenceView, WindowView } from '../../api/types'
import { AlertTabs } from '../../parts/alert/tabs'
import { Empty, Face } from '../../parts/face/face'
import { Choices, matches, WordFilter } from '../../parts/filter'
import { Button, LinkButton, Refused } from '../../parts/form/form'
import { Head, Section, Sheet, Tools } from '../../parts/page/page'
import { useNow } from '../../shell/now'
import { counted } from '../../text/numbers'
import { MINUTE, moment, momentFull, saySpan, spanText } from '../../text/time'
import { Word } from '../../parts/level'
import { Matchers } from './matchers'
import style from './silences.module.css'

const TITLES: Record<SilenceState, string> = { active: 'Active', pending: 'To come', expired: 'Ended' }
const STATES: readonly SilenceState[] = ['active', 'pending', 'expired']
/** Those that are over are kept for days; the latest are enough to look up. */
const OVER_SHOWN = 30

export default function Silences() {
  const asked = useSilences()
  const active = asked.data?.silences.filter(({ state }) => state === 'active').length
  return (
    <>
      <Head title="Silences" note={active === undefined ? null : active === 0 ? 'none is active' : `${active} active`}>
        <AlertTabs />
      </Head>
      <Face asked={asked} what="silences" rows={4} empty={({ silences, windows }) => (silences.length + windows.length === 0 ? <Nothing /> : null)}>
        {(list) => <Full list={list} />}
      </Face>
    </>
  )
}

function Nothing() {
  return (
    <Empty title="Nothing is kept quiet" command={`amtool silence add --alertmanager.url=${location.origin} alertname=DiskFull -c 'new disk is ordered'`}>
      <p>
        A silence keeps alerts quiet for a time and a reason. Make one from an alert, <a href="/silences/new">from nothing</a>, or with amtool:
      </p>
    </Empty>
  )
}

function Full({ list: { silences, windows } }: { list: SilenceList }) {
  const { query, link } = useAddress()
  const state = query['state']
  const found = silences.filter(
    (one) =>
      (!state || one.state === state) &&
      matches(query['find'], [one.id, one.reason, one.created_by, ...one.matchers]),
  )
  const choices = STATES.map((value) => ({
    value,
    text: TITLES[value].toLowerCase(),
    count: silences.filter((one) => one.state === value).length,
  })).filter(({ count, value }) => count > 0 || value === state)
  return (
    <>
      <Tools>
        <WordFilter label="Filter silences" />
        <Choices label="State" field="state" choices={[{ value: null, text: 'all', count: silences.length }, ...choices]} />
        <span class={style.make}>
          <LinkButton to="/silences/new">New silence</LinkButton>
        </span>
      </Tools>
      {found.length === 0 && silences.length > 0 && (
        <Empty title="No silence matches">
          <a href={link({ find: null, state: null })}>Show all {silences.length}</a>
        </Empty>
      )}
      {silences.length === 0 && (
        <div class={style.none}>
          <Nothing />
        </div>
      )}
      {STATES.map((own) => {
        const members = found.filter((one) => one.state === own)
        const shown = own === 'expired' ? members.slice(0, OVER_SHOWN) : members
        if (shown.length === 0) return null
        return (
          <Section key={own} title={TITLES[own]} note={shown.length < members.length ? `the latest ${shown.length} of ${members.length}` : String(shown.length)}>
            <Sheet>
              <ul aria-label={`Silences, ${TITLES[own].toLowerCase()}`}>
                {shown.map((silence) => (
                  <Row key={silence.id} silence={silence} />
                ))}
              </ul>
            </Sheet>
          </Section>
        )
      })}
      {windows.length > 0 && !state && <Windows windows={windows} />}
    </>
  )
}

function Windows({ windows }: { windows: readonly WindowView[] }) {
  return (
    <Section title="Come again and again" note="from the settings">
      <Sheet>
        <ul aria-label="Times that come again">
          {windows.map((own) => (
            <li key={own.name} class={style.row}>
              <div class={style.what}>
                <p class={style.reason}>{own.name}</p>
                <Matchers matchers={own.matchers} />
                <p class={style.by}>{own.reason}</p>
              </div>
              <p class={style.when}>
                <Word mood={own.active ? 'info' : 'fine'} word={own.active ? 'quiet now' : 'not now'} />
                <span>{own.when}</span>
              </p>
            </li>
          ))}
        </ul>
      </Sheet>
    </Section>
  )
}

function Row({ silence }: { silence: SilenceView }) {
  const { id, state, matchers, matches: quiet, reason, created_by, confirmed } = silence
  const over = state === 'expired'
  const again = patched('/silences/new', {}, { matchers: `{${matchers.join(', ')}}`, reason })
  return (
    <li class={style.row} data-state={state} id={id}>
      <div class={style.what}>
        <p class={style.reason}>{reason}</p>
        <Matchers matchers={matchers} />
        <p class={style.by}>
          {created_by || 'somebody'} · <code>{id.slice(0, 8)}</code>
          {state === 'active' && ` · ${quiet === 0 ? 'nothing to keep quiet now' : `keeps ${counted(quiet, 'alert')} quiet`}`}
        </p>
        {confirmed && <p class={style.by}>Confirmed although {confirmed}</p>}
      </div>
      <When silence={silence} />
      <div class={style.acts}>
        {over ? (
          <LinkButton to={again} kind="bare">
            Silence again
          </LinkButton>
        ) : (
          <>
            <LinkButton to={changeOf(silence)} kind="bare" label={`Change the silence «${reason}»`}>
              Change
            </LinkButton>
            <End silence={silence} />
          </>
        )}
      </div>
    </li>
  )
}

/** The form filled with what it says. With its own beginning what has begun goes on as the same silence. */
function changeOf({ id, matchers, reason, starts_at, ends_at }: SilenceView): string {
  const now = Date.now()
  const span = Math.max(MINUTE, Math.round((ends_at - Math.max(now, starts_at)) / MINUTE) * MINUTE)
  const at = new Date(starts_at).toISOString()
  return patched('/silences/new', {}, { id, matchers: `{${matchers.join(', ')}}`, reason, for: spanText(span), at })
}

function When({ silence }: { silence: SilenceView }) {
  const now = useNow(5_000)
  const from = silence.starts_at
  const to = silence.ends_at
  const [word, at] =
    silence.state === 'active'
      ? [`${saySpan(Math.max(0, to - now))} left`, to]
      : silence.state === 'pending'
        ? [`begins in ${saySpan(Math.max(0, from - now))}`, from]
        : [`ended ${saySpan(Math.max(0, now - to))} ago`, to]
  const soon = silence.state === 'active' && to - now < 15 * MINUTE
  return (
    <p class={style.when} data-soon={soon}>
      <time dateTime={new Date(at).toISOString()} title={momentFull(at)}>
        {word}
      </time>
      <span>
        {moment(from, now)} – {moment(to, now)}
      </span>
    </p>
  )
}

/** Asks once more, in the same place: what ends cannot be begun again with the same identity. */
function End({ silence }: { silence: SilenceView }) {
  const [asked, setAsked] = useState(false)
  const end = useEndSilence()
  if (!asked) {
    return (
      <Button kind="bare" label={`End the silence «${silence.reason}»`} onPress={() => setAsked(true)}>
        End
      </Button>
    )
  }
  return (
    <>
      <Button disabled={end.isPending} onPress={() => end.mutate(silence.id)}>
        {end.isPending ? 'Ending…' : 'End it now'}
      </Button>
      <Button kind="bare" onPress={() => setAsked(false)}>
        Keep
      </Button>
      <Refused error={end.error} />
    </>
  )
}

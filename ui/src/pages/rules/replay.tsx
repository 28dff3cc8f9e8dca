// How many pages a rule would have been, and when: asked for, as it goes through weeks of samples.
import { useState } from 'preact/hooks'

import { useReplay } from '../../api/queries'
import type { EpisodeView, ReplayView } from '../../api/types'
import { Button, Refused } from '../../parts/form/form'
import { labelLine } from '../../parts/labels'
import { counted, whole } from '../../text/numbers'
import { dateOnly, DAY, moment, saySpan } from '../../text/time'
import style from './replay.module.css'

const DAYS: readonly number[] = [1, 7, 30]
const EPISODES_SHOWN = 5

export function Replay({ id }: { id: string }) {
  const [days, setDays] = useState<number | null>(null)
  const asked = useReplay(id, days)
  return (
    <section class={style.replay} aria-label="Replay" aria-live="polite" aria-busy={asked.isFetching}>
      <p class={style.ask}>
        <span>How many pages would it have been in the last</span>
        {DAYS.map((own) => (
          <Button key={own} disabled={asked.isFetching && days === own} onPress={() => setDays(own)}>
            {own === days ? '✓ ' : ''}
            {saySpan(own * DAY)}
          </Button>
        ))}
      </p>
      {asked.isFetching && <p class={style.faint}>Going through the past…</p>}
      {asked.error && !asked.isFetching && <Refused error={asked.error} />}
      {asked.data && !asked.isFetching && <Found replay={asked.data} />}
    </section>
  )
}

function Found({ replay }: { replay: ReplayView }) {
  const { from, to, pages, episodes, dropped, firing_ms, longest_ms, evaluations, whole: all, reached } = replay
  const span = to - from
  return (
    <>
      <p>
        <b class={style.count}>{counted(pages, 'page')}</b> in {saySpan(span)}
        {episodes > 0 &&
          `: ${counted(episodes, 'alert')} for ${saySpan(firing_ms)} together, the longest ${saySpan(longest_ms)}`}
        {dropped > 0 && `; ${counted(dropped, 'time')} it went away before it fired`}.
      </p>
      <Line replay={replay} />
      <Episodes episodes={replay.episodes_shown} all={episodes} now={to} />
      <p class={style.faint}>
        {whole(evaluations)} evaluations.
        {!all && ` It took too long: only up to ${reached === null ? 'the beginning' : moment(reached, to)} was gone through.`}
      </p>
    </>
  )
}

/** The past as a line with a stroke for each time it fired. */
function Line({ replay: { from, to, episodes_shown, reached, whole: all } }: { replay: ReplayView }) {
  const span = to - from
  const part = (at: number) => (100 * (Math.min(to, Math.max(from, at)) - from)) / span
  return (
    <div class={style.line} aria-hidden="true">
      <div class={style.track}>
        {episodes_shown.map((episode) => (
          <i
            key={`${episode.from} ${JSON.stringify(episode.labels)}`}
            style={{ left: `${part(episode.from)}%`, width: `${part(episode.to ?? to) - part(episode.from)}%` }}
          />
        ))}
        {!all && <i class={style.unseen} style={{ left: `${part(reached ?? from)}%`, right: 0 }} />}
      </div>
      <span>{dateOnly(from, to)}</span>
      <span>now</span>
    </div>
  )
}

function Episodes({ episodes, all, now }: { episodes: readonly EpisodeView[]; all: number; now: number }) {
  const shown = episodes.toReversed().slice(0, EPISODES_SHOWN)
  if (shown.length === 0) return null
  return (
    <ul class={style.episodes} aria-label="When it would have fired, latest first">
      {shown.map(({ labels, from, to }) => (
        <li key={`${from} ${JSON.stringify(labels)}`}>
          <time dateTime={new Date(from).toISOString()}>{moment(from, now)}</time>
          <span>{to === null ? 'still' : saySpan(to - from)}</span>
          <span>{labelLine(labels, ['alertname', 'severity']) || 'no labels of its own'}</span>
        </li>
      ))}
      {all > shown.length && <li class={style.faint}>and {counted(all - shown.length, 'earlier time')}</li>}
    </ul>
  )
}

// What stands around every page: where one can go, whether what is shown is fresh, and the global keys.
import { useQueryClient } from '@tanstack/preact-query'
import type { ComponentChildren } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

import { useAddress } from '../address/address'
import { useLive, type Connection } from '../api/live'
import { useOverview } from '../api/queries'
import { ago, momentFull } from '../text/time'
import { Finder } from '../dialog/finder'
import { More } from '../dialog/more'
import { Help } from '../dialog/help'
import { Find, Half, ICONS, Mark, Moon, Sun } from './icons'
import { PLACES, useKeys, type KeyMap } from './keys'
import { useNow } from './now'
import { chooseScheme, chosenScheme, type Scheme } from './scheme'
import style from './shell.module.css'

type Opened = 'finder' | 'help' | 'more' | null

export function Shell({ children }: { children: ComponentChildren }) {
  const client = useQueryClient()
  const connection = useLive(client)
  const { path, go } = useAddress()
  const [opened, setOpened] = useState<Opened>(null)
  const close = useCallback(() => setOpened(null), [])
  const main = useRef<HTMLElement>(null)
  useFocusOnMove(path, main)

  const places: KeyMap = Object.fromEntries(PLACES.map((place) => [`g ${place.key}`, () => go(place.path)]))
  useKeys({
    ...places,
    '/': () => setOpened('finder'),
    '?': () => setOpened('help'),
    f: () => document.querySelector<HTMLElement>('[data-filter]')?.focus(),
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      setOpened('finder')
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  return (
    <div class={style.shell}>
      <a class="unseen" href="#main" onClick={() => main.current?.focus()}>
        Skip to the page
      </a>
      <header class={style.top}>
        <a class={style.brand} href="/">
          <Mark /> Plimsoll
        </a>
        <div class={style.tools}>
          <button type="button" class={style.tool} aria-label="Find" onClick={() => setOpened('finder')}>
            <Find />
          </button>
          <SchemeButton />
        </div>
      </header>
      <Side connection={connection} onOpen={setOpened} />
      <main class={style.main} id="main" ref={main} tabIndex={-1}>
        {connection.state === 'stale' && <Stale connection={connection} />}
        {children}
      </main>
      {opened === 'finder' && <Finder onClose={close} />}
      {opened === 'more' && <More onClose={close} />}
      {opened === 'help' && <Help onClose={close} />}
    </div>
  )
}

/** A new page begins at its top, also for those who listen. */
function useFocusOnMove(path: string, main: { current: HTMLElement | null }): void {
  const before = useRef(path)
  useEffect(() => {
    if (before.current === path) return
    before.current = path
    main.current?.focus({ preventScroll: true })
    scrollTo(0, 0)
  }, [path, main])
}

function Side({ connection, onOpen }: { connection: Connection; onOpen: (what: Opened) => void }) {
  const { path } = useAddress()
  const overview = useOverview().data
  const worst = overview?.alerts.worst[0]?.severity
  return (
    <div class={style.side}>
      <a class={style.brand} href="/">
        <Mark /> Plimsoll
      </a>
      <button type="button" class={`${style.tool} ${style.find}`} onClick={() => onOpen('finder')}>
        <Find /> Find <kbd class={style.key}>/</kbd>
      </button>
      <nav class={style.places} aria-label="Pages">
        {PLACES.map((place) => {
          const Picture = ICONS[place.name]
          const here = isHere(place.path, path)
          const firing = place.name === 'Alerts' ? (overview?.alerts.firing ?? 0) : 0
          return (
            <a
              key={place.path}
              class={style.place}
              href={place.path}
              data-thumb={place.thumb}
              aria-current={here ? 'page' : undefined}
            >
              <Picture />
              {place.name}
              {firing > 0 && (
                <span class={style.count} data-severity={worst}>
                  {firing}
                  <span class="unseen"> firing</span>
                </span>
              )}
            </a>
          )
        })}
        <button
          type="button"
          class={`${style.place} ${style.more}`}
          data-here={PLACES.some((place) => !place.thumb && isHere(place.path, path))}
          aria-haspopup="dialog"
          onClick={() => onOpen('more')}
        >
          <ICONS.More />
          More
        </button>
      </nav>
      <div class={style.foot}>
        {overview && <span class={style.connection}>{overview.host}</span>}
        <Pulse connection={connection} />
        <div class={style.tools}>
          <SchemeButton />
          <button type="button" class={style.tool} aria-label="Keys" title="Keys (?)" onClick={() => onOpen('help')}>
            ?
          </button>
        </div>
      </div>
    </div>
  )
}

/** Silences belong to alerts. */
function isHere(place: string, path: string): boolean {
  if (place === '/') return path === '/'
  return path.startsWith(place) || (place === '/alerts' && path.startsWith('/silences'))
}

const PULSE: Record<Connection['state'], string> = { live: 'Live', polling: 'Asking every 10 s', stale: 'Stale' }

function Pulse({ connection }: { connection: Connection }) {
  return (
    <span class={style.connection}>
      <span class={style.dot} data-state={connection.state} />
      {PULSE[connection.state]}
    </span>
  )
}

function Stale({ connection }: { connection: Connection }) {
  const client = useQueryClient()
  const now = useNow()
  const { answeredAt } = connection
  return (
    <div class={style.stale} role="alert">
      <strong>Stale</strong>
      <span>
        {answeredAt === null
          ? 'No usable answer from the program so far.'
          : `No answer since ${momentFull(answeredAt)} (${ago(answeredAt, now)}). What is shown is from then.`}
      </span>
      <button type="button" class={style.tool} onClick={() => void client.invalidateQueries({ refetchType: 'active' })}>
        Again
      </button>
    </div>
  )
}

const NEXT: Record<Scheme, Scheme> = { system: 'light', light: 'dark', dark: 'system' }
const PICTURE = { system: Half, light: Sun, dark: Moon }
const SAID: Record<Scheme, string> = { system: 'as the system', light: 'light', dark: 'dark' }

function SchemeButton() {
  const [scheme, setScheme] = useState(chosenScheme)
  const Picture = PICTURE[scheme]
  const next = NEXT[scheme]
  return (
    <button
      type="button"
      class={style.tool}
      aria-label={`Colours: ${SAID[scheme]}. Change to ${SAID[next]}`}
      title={`Colours: ${SAID[scheme]}`}
      onClick={() => {
        chooseScheme(next)
        setScheme(next)
      }}
    >
      <Picture />
    </button>
  )
}

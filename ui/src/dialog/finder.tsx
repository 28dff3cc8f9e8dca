// What `/` opens: one field that finds pages, resources, alerts, targets and metrics.
import { useQuery } from '@tanstack/preact-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'

import { useAddress } from '../address/address'
import { metricNames } from '../api/prometheus'
import { useObjectives } from '../api/objectives'
import { useServices } from '../api/plan'
import { useAlerts, useResources, useRules, useTargets } from '../api/queries'
import { Dialog } from './dialog'
import style from './dialog.module.css'
import { find, type Place } from './find'
import { PLACES } from '../shell/keys'
import { PLAN_PAGES } from '../pages/plan/pages'

export function Finder({ onClose }: { onClose: () => void }) {
  const { go } = useAddress()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const places = usePlaces()
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [at])
  const found = useMemo(() => find(places, text), [places, text])
  const open = useCallback(
    (place: Place | undefined) => {
      if (!place) return
      onClose()
      go(place.to)
    },
    [go, onClose],
  )

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') open(found[at])
    else if (event.key === 'ArrowDown') setAt(Math.min(found.length - 1, at + 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1))
    else return
    event.preventDefault()
  }

  return (
    <Dialog label="Find" onClose={onClose}>
      <input
        class={style.field}
        type="text"
        role="combobox"
        aria-label="Find a resource, an alert, a target, a metric or a page"
        aria-expanded="true"
        aria-controls="found"
        aria-autocomplete="list"
        aria-activedescendant={found[at] ? `found-${at}` : undefined}
        placeholder="Find a resource, an alert, a target, a metric…"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div ref={list} class={style.found} id="found" role="listbox" aria-label="Found">
        {found.map((place, index) => (
          // The field has the focus and its keys do what a click does.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={place.to + place.name}
            id={`found-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={() => open(place)}
            onMouseMove={() => setAt(index)}
          >
            <span>{place.name}</span>
            <span class={style.what}>{place.what}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && (
        <p class={style.none} role="status">
          Nothing is called «{text}».
        </p>
      )}
    </Dialog>
  )
}

function usePlaces(): Place[] {
  const resources = useResources().data?.resources
  const alerts = useAlerts().data?.active
  const objectives = useObjectives().data?.objectives
  const services = useServices().data?.services
  const rules = useRules().data?.groups
  const targets = useTargets().data?.targets
  const metrics = useQuery({ queryKey: ['metric-names'], queryFn: ({ signal }) => metricNames(signal) }).data
  return useMemo(
    () => [
      ...PLACES.map(({ name, path, key }) => ({ name, to: path, what: `page · g ${key}` })),
      { name: 'Silences', to: '/silences', what: 'page' },
      { name: 'New silence', to: '/silences/new', what: 'page' },
      ...PLAN_PAGES.slice(1).map(({ to, text }) => ({ name: text, to, what: 'page of capacity' })),
      ...(services ?? []).map(({ name, title }) => ({ name: title, to: `/capacity/services/${encodeURIComponent(name)}`, what: 'service' })),
      ...(resources ?? []).map(({ id, title, level }) => ({
        name: title,
        to: `/resources/${encodeURIComponent(id)}`,
        what: level === 'fine' ? 'resource' : `resource · ${level}`,
      })),
      ...(alerts ?? []).map(({ id, summary, name, severity }) => ({
        name: summary || name,
        to: `/alerts/${encodeURIComponent(id)}`,
        what: `alert · ${severity}`,
      })),
      ...(objectives ?? []).map(({ name, title, state }) => ({
        name: title,
        to: `/objectives/${encodeURIComponent(name)}`,
        what: state === 'fine' ? 'objective' : `objective · ${state}`,
      })),
      ...(rules ?? []).flatMap(({ rules: own }) =>
        own.map(({ id, name, kind }) => ({ name, to: `/rules?rule=${id}`, what: kind === 'alert' ? 'rule' : 'recording rule' })),
      ),
      ...(targets ?? []).map(({ job, instance, health }) => ({
        name: instance,
        to: `/targets?find=${encodeURIComponent(instance)}`,
        what: `target of ${job} · ${health}`,
      })),
      ...(metrics ?? []).map((name) => ({ name, to: `/explore?query=${encodeURIComponent(name)}`, what: 'metric' })),
    ],
    [resources, alerts, objectives, services, rules, targets, metrics],
  )
}

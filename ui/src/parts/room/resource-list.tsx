// Resources, one line each: how full, how much is left, until when. On a narrow screen a line becomes a card.
import type { ResourceView } from '../../api/types'
import { labelLine, saidIn } from '../labels'
import { Word } from '../level'
import { Meter } from './meter'
import { outlookText } from './outlook'
import style from './resource-list.module.css'
import { Spark } from './spark'

export function ResourceList({ resources, label }: { resources: readonly ResourceView[]; label: string }) {
  return (
    <div class={style.list}>
      <div class={style.header} aria-hidden="true">
        <span>Status</span>
        <span>Resource</span>
        <span>Used</span>
        <span class={style.number}>Left</span>
        <span>Until when</span>
        <span>Last hour</span>
      </div>
      <ul aria-label={label}>
        {resources.map((resource) => (
          <Row key={resource.id} resource={resource} />
        ))}
      </ul>
    </div>
  )
}

function Row({ resource }: { resource: ResourceView }) {
  const { id, title, labels, level, share, thresholds, outlook } = resource
  const known = share !== null
  return (
    <li class={style.row} data-level={level}>
      <span class={style.level}>
        <Word mood={level} />
      </span>
      <span class={style.name}>
        <a href={`/resources/${encodeURIComponent(id)}`}>{title}</a>
        <span class={style.labels}>{labelLine(labels, saidIn(title, labels))}</span>
      </span>
      <span class={style.used}>
        <span class={style.bar}>
          <Meter share={share} level={level} thresholds={thresholds} label={`${title}: used`} />
          <b class={style.share}>{known ? resource.share_text : '–'}</b>
        </span>
        <span class={style.of}>{known ? `${resource.used_text} of ${resource.limit_text}` : 'no reading'}</span>
      </span>
      <span class={style.left}>
        {known ? (
          <>
            <b>{resource.headroom_text}</b> <span class={style.word}>left</span>
          </>
        ) : (
          '–'
        )}
      </span>
      <span class={style.when} data-kind={outlook.kind}>
        {outlookText(outlook.text)}
      </span>
      <span class={style.spark}>
        <Spark values={resource.spark} line={thresholds.critical} />
      </span>
    </li>
  )
}

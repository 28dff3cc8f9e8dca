// The pages a narrow screen has no room for at its foot.
import { ICONS } from '../shell/icons'
import { PLACES } from '../shell/keys'
import { Dialog } from './dialog'
import style from './dialog.module.css'

export function More({ onClose }: { onClose: () => void }) {
  return (
    <Dialog label="More pages" onClose={onClose}>
      <div class={style.head}>
        <h2>More pages</h2>
        <button type="button" class={style.close} onClick={onClose}>
          Close
        </button>
      </div>
      <nav class={style.places} aria-label="More pages">
        {[...PLACES.filter(({ thumb }) => !thumb), { path: '/silences', name: 'Alerts' as const, said: 'Silences' }].map((place) => {
          const Picture = ICONS[place.name]
          return (
            <a key={place.path} href={place.path} onClick={onClose}>
              <Picture /> {'said' in place ? place.said : place.name}
            </a>
          )
        })}
      </nav>
    </Dialog>
  )
}

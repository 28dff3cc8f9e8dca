// What `?` shows.
import { Dialog } from './dialog'
import style from './dialog.module.css'
import { HELP } from '../shell/keys'

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog label="Keys" onClose={onClose}>
      <div class={style.head}>
        <h2>Keys</h2>
        <button type="button" class={style.close} onClick={onClose}>
          Close
        </button>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- longer than a low screen: whoever has no mouse scrolls it by key */}
      <div class={style.scroll} role="region" aria-label="All keys" tabIndex={0}>
        <dl class={style.keys}>
          {HELP.map(({ keys, text }) => (
            <>
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{text}</dd>
            </>
          ))}
        </dl>
      </div>
    </Dialog>
  )
}

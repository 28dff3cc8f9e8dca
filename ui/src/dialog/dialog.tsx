// A modal dialog: the browser keeps the focus inside and gives it back; Esc and a click beside close it.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

import style from './dialog.module.css'

type Props = { label: string; onClose: () => void; children: ComponentChildren }

export function Dialog({ label, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    if (!element) return
    element.showModal()
    const beside = (event: MouseEvent) => {
      if (event.target === element) onClose()
    }
    element.addEventListener('click', beside)
    return () => element.removeEventListener('click', beside)
  }, [onClose])
  return (
    <dialog ref={dialog} class={style.dialog} aria-label={label} onClose={onClose}>
      {children}
    </dialog>
  )
}

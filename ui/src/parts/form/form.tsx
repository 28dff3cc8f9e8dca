// Buttons and fields, so that every form looks and speaks alike.
import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

import { asFailure } from '../../api/client'
import style from './form.module.css'

type Kind = 'main' | 'plain' | 'bare'

type ButtonProps = {
  kind?: Kind
  submit?: boolean
  disabled?: boolean
  label?: string
  onPress?: () => void
  children: ComponentChildren
}

export function Button({ kind = 'plain', submit = false, disabled = false, label, onPress, children }: ButtonProps) {
  return (
    <button
      type={submit ? 'submit' : 'button'}
      class={style.button}
      data-kind={kind}
      disabled={disabled}
      aria-label={label}
      onClick={onPress}
    >
      {children}
    </button>
  )
}

/** Looks like a button and leads somewhere. */
export function LinkButton({ to, kind = 'plain', label, children }: { to: string; kind?: Kind; label?: string; children: ComponentChildren }) {
  return (
    <a class={style.button} data-kind={kind} href={to} aria-label={label}>
      {children}
    </a>
  )
}

type FieldProps = {
  label: string
  hint?: string
  value: string
  onText: (text: string) => void
  type?: 'text' | 'datetime-local'
  wrong?: boolean
  required?: boolean
  lines?: number
  placeholder?: string
}

/** One line, or several, of text under its name. */
export function Field({ label, hint, value, onText, type = 'text', wrong = false, required = false, lines = 1, placeholder }: FieldProps) {
  const id = useId()
  const shared = {
    id,
    class: style.input,
    value,
    required,
    placeholder,
    'aria-invalid': wrong,
    'aria-describedby': hint ? `${id}-hint` : undefined,
    onInput: (event: JSX.TargetedInputEvent<HTMLInputElement | HTMLTextAreaElement>) => onText(event.currentTarget.value),
  }
  return (
    <label class={style.field} for={id}>
      <span>{label}</span>
      {lines > 1 ? <textarea rows={lines} {...shared} /> : <input type={type} autocomplete="off" {...shared} />}
      {hint && (
        <span id={`${id}-hint`} class={style.hint}>
          {hint}
        </span>
      )}
    </label>
  )
}

/** Why what was wanted was not done. */
export function Refused({ error }: { error: unknown }) {
  if (!error) return null
  const { message, help } = asFailure(error)
  return (
    <p class={style.wrong} role="alert">
      {message}
      {help ? ` ${help}` : ''}
    </p>
  )
}

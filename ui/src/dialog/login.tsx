// Asked once, when the program wants a token; it answers with a cookie for this browser.
import { useState } from 'preact/hooks'

import { asFailure, openSession } from '../api/client'
import style from './dialog.module.css'
import { Mark } from '../shell/icons'

export function Login({ onOpen }: { onOpen: () => void }) {
  const [token, setToken] = useState('')
  const [wrong, setWrong] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setWrong(null)
    try {
      await openSession(token.trim())
      onOpen()
    } catch (error) {
      const failure = asFailure(error)
      setWrong(failure.kind === 'token' || failure.kind === 'denied' ? 'This token is not the right one.' : failure.message)
    } finally {
      setBusy(false)
    }
  }

  return (
    <main>
      <form class={style.login} onSubmit={submit}>
        <h1>
          <Mark size={28} /> Plimsoll
        </h1>
        <p>
          This program asks for a token. It stands in its settings under <code>server.token</code>, or in the file that{' '}
          <code>server.token_file</code> names.
        </p>
        <label>
          Token
          <input
            type="password"
            name="token"
            autocomplete="current-password"
            value={token}
            aria-invalid={wrong !== null}
            aria-describedby={wrong ? 'wrong' : undefined}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {wrong && (
          <p id="wrong" class={style.wrong} role="alert">
            {wrong}
          </p>
        )}
        <button type="submit" class={style.submit} disabled={busy || token.trim() === ''}>
          {busy ? 'Asking…' : 'Open'}
        </button>
      </form>
    </main>
  )
}

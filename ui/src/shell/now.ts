// The reader's clock, for ages and moving windows.
import { useEffect, useState } from 'preact/hooks'

/** Now, moving on every `period` milliseconds while the page can be seen, and at once when `anew` changes. */
export function useNow(period = 1_000, anew?: unknown): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    setNow(Date.now())
    const tick = () => {
      if (document.visibilityState === 'visible') setNow(Date.now())
    }
    const timer = setInterval(tick, period)
    document.addEventListener('visibilitychange', tick)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', tick)
    }
  }, [period, anew])
  return now
}

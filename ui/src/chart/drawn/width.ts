// How wide something is now: words in a picture must not be stretched with it.
import { useEffect, useRef, useState } from 'preact/hooks'

export function useWidth(first: number): [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(first)
  useEffect(() => {
    const host = box.current
    if (!host) return
    const tell = () => setWidth(Math.max(200, Math.round(host.clientWidth)))
    tell()
    const watch = new ResizeObserver(tell)
    watch.observe(host)
    return () => watch.disconnect()
  }, [])
  return [box, width]
}

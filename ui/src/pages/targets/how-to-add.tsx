// The few lines that make Plimsoll collect from one more exporter.
import { Section } from '../../parts/page/page'
import style from './targets.module.css'

const SETTINGS = `scrape_configs:
  - job_name: node
    static_configs:
      - targets: ["web-1:9100", "web-2:9100"]`

const STEPS = `plimsoll check --config plimsoll.yaml
plimsoll serve --config plimsoll.yaml`

export function HowToAdd() {
  return (
    <Section title="Add a target">
      <div class={style.how}>
        <p>
          Anything that speaks Prometheus or OpenMetrics text can be a target. Name it in the settings, as in Prometheus:
        </p>
        <pre>{SETTINGS}</pre>
        <p>Have the settings checked, then start with them:</p>
        <pre>{STEPS}</pre>
        <p>
          Prometheus servers and agents can also send to <code>/api/v1/write</code> (remote write). Past samples come in with{' '}
          <code>plimsoll import</code>.
        </p>
      </div>
    </Section>
  )
}

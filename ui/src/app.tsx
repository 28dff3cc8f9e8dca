// The pages by address. Each is fetched when first wanted, so that the first view stays small.
import { QueryClientProvider } from '@tanstack/preact-query'
import { ErrorBoundary, lazy, LocationProvider, Route, Router } from 'preact-iso'
import { useEffect, useState } from 'preact/hooks'

import { onTokenWanted } from './api/client'
import { makeClient } from './api/queries'
import { Login } from './dialog/login'
import { Shell } from './shell/shell'

const Overview = lazy(() => import('./pages/overview/overview'))
const Resources = lazy(() => import('./pages/resource/resources'))
const Resource = lazy(() => import('./pages/resource/resource'))
const Alerts = lazy(() => import('./pages/alerts/alerts'))
const OneAlert = lazy(() => import('./pages/alerts/one/one'))
const Silences = lazy(() => import('./pages/silences/silences'))
const NewSilence = lazy(() => import('./pages/silences/new'))
const Objectives = lazy(() => import('./pages/objectives/objectives'))
const Objective = lazy(() => import('./pages/objectives/one'))
const Changes = lazy(() => import('./pages/changes/changes'))
const Rules = lazy(() => import('./pages/rules/rules'))
const Runs = lazy(() => import('./pages/load/runs'))
const Run = lazy(() => import('./pages/load/run'))
const Gate = lazy(() => import('./pages/load/gate'))
const LiveRun = lazy(() => import('./pages/load/live'))
const Overlay = lazy(() => import('./pages/load/overlay'))
const Explore = lazy(() => import('./pages/explore/explore'))
const Targets = lazy(() => import('./pages/targets/targets'))
const Status = lazy(() => import('./pages/status/status'))
const Capacity = lazy(() => import('./pages/plan/services/capacity'))
const Service = lazy(() => import('./pages/plan/services/service'))
const Scenarios = lazy(() => import('./pages/plan/scenarios/scenarios'))
const Sizes = lazy(() => import('./pages/plan/sizes/sizes'))
const Findings = lazy(() => import('./pages/plan/findings/findings'))
const Quotas = lazy(() => import('./pages/plan/quotas/quotas'))
const Worth = lazy(() => import('./pages/plan/worth/worth'))
const Growth = lazy(() => import('./pages/plan/table/table'))
const Plan = lazy(() => import('./pages/plan/scenarios/frozen/plan'))
const Nowhere = lazy(() => import('./shell/nowhere'))

const client = makeClient()

export function App() {
  const [locked, setLocked] = useState(false)
  useEffect(() => onTokenWanted(() => setLocked(true)), [])

  const open = () => {
    client.clear()
    setLocked(false)
  }

  return (
    <QueryClientProvider client={client}>
      {locked ? (
        <Login onOpen={open} />
      ) : (
        <LocationProvider>
          <Shell>
            <ErrorBoundary>
              <Router>
                <Route path="/" component={Overview} />
                <Route path="/resources" component={Resources} />
                <Route path="/resources/:id" component={Resource} />
                <Route path="/capacity" component={Capacity} />
                <Route path="/capacity/scenarios" component={Scenarios} />
                <Route path="/capacity/sizes" component={Sizes} />
                <Route path="/capacity/findings" component={Findings} />
                <Route path="/capacity/quotas" component={Quotas} />
                <Route path="/capacity/worth" component={Worth} />
                <Route path="/capacity/growth" component={Growth} />
                <Route path="/capacity/plans/:name" component={Plan} />
                <Route path="/capacity/services/:name" component={Service} />
                <Route path="/alerts" component={Alerts} />
                <Route path="/alerts/:id" component={OneAlert} />
                <Route path="/silences" component={Silences} />
                <Route path="/silences/new" component={NewSilence} />
                <Route path="/objectives" component={Objectives} />
                <Route path="/objectives/:name" component={Objective} />
                <Route path="/changes" component={Changes} />
                <Route path="/rules" component={Rules} />
                <Route path="/load" component={Runs} />
                <Route path="/load/overlay" component={Overlay} />
                <Route path="/load/runs/:id" component={Run} />
                <Route path="/load/gates/:id" component={Gate} />
                <Route path="/load/live/:id" component={LiveRun} />
                <Route path="/explore" component={Explore} />
                <Route path="/targets" component={Targets} />
                <Route path="/status" component={Status} />
                <Route default component={Nowhere} />
              </Router>
            </ErrorBoundary>
          </Shell>
        </LocationProvider>
      )}
    </QueryClientProvider>
  )
}

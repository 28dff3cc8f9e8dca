// The pages by address. Each is fetched when first wanted, so that the first view stays small.
import { QueryClientProvider } from '@tanstack/preact-query'
import { ErrorBoundary, lazy, LocationProvider, Route, Router } from 'preact-iso'
import { useEffect, useState } from 'preact/hooks'

import { onTokenWanted } from './api/client'
import { makeClient } from './api/queries'
import { Login } from './dialog/login'
import { Shell } from './shell/shell'

const Overview = lazy(() => import('./pages/overview/overview'))
const Resources = lazy(() => import('./pages/resources/resources'))
const Resource = lazy(() => import('./pages/resource/resource'))
const Alerts = lazy(() => import('./pages/alerts/alerts'))
const Explore = lazy(() => import('./pages/explore/explore'))
const Targets = lazy(() => import('./pages/targets/targets'))
const Status = lazy(() => import('./pages/status/status'))
const Nowhere = lazy(() => import('./pages/nowhere'))

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
                <Route path="/alerts" component={Alerts} />
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

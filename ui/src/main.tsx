// Where the pages start.
import { render } from 'preact'

import './tokens.css'
import './base.css'
import { App } from './app'
import { applyScheme, chosenScheme } from './shell/scheme'

applyScheme(chosenScheme())

const root = document.getElementById('app')
if (root) render(<App />, root)

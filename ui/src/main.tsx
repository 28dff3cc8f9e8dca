// Where the pages start.
import { render } from 'preact'

import './tokens.css'
import './base.css'
import { App } from './app'
import { applyScheme, chosenScheme, followPaper } from './shell/scheme'

applyScheme(chosenScheme())
followPaper()

const root = document.getElementById('app')
if (root) render(<App />, root)

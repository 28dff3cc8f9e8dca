import { expect, test } from 'vitest'

import { namesOf } from './names'

const named = (...titles: string[]) => namesOf({ title: titles.join(', '), parts: titles.map((title) => ({ title })) })

test('a machine is called by what its parts have in common', () => {
  expect(named('CPU of web-1', 'Memory of web-1')).toEqual({ name: 'web-1', of: 'CPU, Memory' })
  expect(named('CPU of app in shop', 'Memory of app in shop')).toEqual({ name: 'app in shop', of: 'CPU, Memory' })
})

test('what has one part, or nothing in common, is called as it is', () => {
  expect(named('Volume of orders')).toEqual({ name: 'Volume of orders', of: '' })
  expect(named('CPU', 'Memory')).toEqual({ name: 'CPU, Memory', of: '' })
  expect(named('web-1', 'web-1')).toEqual({ name: 'web-1, web-1', of: '' })
  expect(named('CPU of', 'Memory of')).toEqual({ name: 'CPU of, Memory of', of: '' })
})

// When a line is reached, in the program's words. A line is named by its share alone, which is no part of a date.
import { unbroken } from '../../text/numbers'

/** `90 % between 3 and 19 December` is told of what is used. */
export function outlookText(text: string): string {
  return unbroken(text.replace(/^([\d.]+\s%) (?=on |between |after |around )/, '$1 used ').replace(/^not within/, 'not reached within'))
}

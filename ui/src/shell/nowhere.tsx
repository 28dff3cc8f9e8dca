// An address that leads nowhere.
import { useAddress } from '../address/address'
import { Empty } from '../parts/face/face'
import { Head } from '../parts/page/page'

export default function Nowhere() {
  const { path } = useAddress()
  return (
    <>
      <Head title="Nothing here" />
      <Empty title={`No page is called ${path}`}>
        Start at the <a href="/">overview</a>, or press <kbd>/</kbd> to find something.
      </Empty>
    </>
  )
}

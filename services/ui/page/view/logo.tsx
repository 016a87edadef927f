/** The mark: a speech bubble put together from small blocks, one of which has just left for somewhere. */
import logoUrl from '../logo.svg';

export function Logo() {
  return <img className="logo" src={logoUrl} alt="" width="32" height="32" />;
}

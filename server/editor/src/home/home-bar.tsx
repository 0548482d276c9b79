import { ThemeButton } from "../panels/top-bar";
import { Logo } from "../ui/logo";
import { PageLink } from "../ui/page-link";

/** The bar over the lists: workflows, and the crates that they became. */
export function HomeBar({ crates = false }: { crates?: boolean }) {
  return (
    <header className="home-bar">
      <PageLink to="/" className="brand">
        <Logo />
      </PageLink>
      <nav aria-label="Lists">
        <PageLink to="/" current={!crates}>
          Workflows
        </PageLink>
        <PageLink to="/crates" current={crates}>
          Crates
        </PageLink>
      </nav>
      <ThemeButton />
    </header>
  );
}

import { useEffect } from "react";

import { api, onConnection } from "./api/client";
import { CratePage } from "./crates/crate-page";
import { CratesPage } from "./crates/crates-page";
import { HomePage } from "./home/home";
import { parseRoute, usePath } from "./router";
import { checkAgain } from "./store/check";
import { applyTheme, useUi } from "./store/ui";
import { Banner } from "./ui/banner";
import { Toasts } from "./ui/toasts";
import { WorkflowPage } from "./workflow-page";

const RETRY_MS = 2_500;

export function App() {
  const route = parseRoute(usePath());
  const theme = useUi((state) => state.theme);
  const online = useUi((state) => state.online);
  useEffect(() => applyTheme(theme), [theme]);
  useEffect(() => {
    onConnection((answered) => {
      const { online: before } = useUi.getState();
      if (answered === before) return;
      useUi.setState({ online: answered });
      if (answered) checkAgain();
    });
  }, []);
  useEffect(() => {
    if (online) return;
    const timer = setInterval(() => void api.healthy(), RETRY_MS);
    return () => clearInterval(timer);
  }, [online]);
  return (
    <>
      {!online && <Banner onRetry={() => void api.healthy()} />}
      {route.page === "home" && <HomePage />}
      {route.page === "workflow" && <WorkflowPage id={route.id} />}
      {route.page === "new" && <WorkflowPage id={null} draft={route.key} />}
      {route.page === "crates" && <CratesPage />}
      {route.page === "crate" && <CratePage name={route.name} version={route.version} />}
      <Toasts />
    </>
  );
}

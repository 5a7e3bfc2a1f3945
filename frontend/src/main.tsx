import "@fontsource-variable/inter";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import "./base.css";
import { applyTheme } from "./viewer/theme";

const LandingPage = lazy(() => import("./landing/LandingPage"));
const ViewerPage = lazy(() => import("./viewer/ViewerPage"));

applyTheme();

const event = /^\/e\/([^/]+)\/?$/.exec(location.pathname)?.[1];

createRoot(document.getElementById("page")!).render(
  <StrictMode>
    <Suspense fallback={null}>
      {event ? <ViewerPage event={decodeURIComponent(event)} /> : <LandingPage />}
    </Suspense>
  </StrictMode>,
);

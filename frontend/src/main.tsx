import "@fontsource-variable/inter";
import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import "./base.css";
import { applyTheme } from "./viewer/theme";

applyTheme();

const event = /^\/e\/([^/]+)\/?$/.exec(location.pathname)?.[1];

// Not React.lazy: what is suspended is shown no sooner than 300 ms after its fallback.
const page: Promise<ReactNode> = event
  ? import("./viewer/ViewerPage").then(({ default: Page }) => <Page event={decodeURIComponent(event)} />)
  : import("./landing/LandingPage").then(({ default: Page }) => <Page />);

void page.then((shown) => {
  createRoot(document.getElementById("page")!).render(<StrictMode>{shown}</StrictMode>);
});

import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./ui/theme.css";
import "./ui/layout.css";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiProblem } from "./api/problem.ts";
import { findLanguage, loadTexts, TextProvider } from "./locales/text.tsx";
import { createConsoleRouter } from "./routes.tsx";
import { keepFocus } from "./ui/keep-focus.ts";
import { theme } from "./ui/theme.ts";

const RETRIES_MAX = 2;
/** Worth asking again: nobody answered, or not now. What is refused stays refused. */
const PASSING = ["offline", "unavailable"];

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < RETRIES_MAX && error instanceof ApiProblem && PASSING.includes(error.code),
    },
  },
});
const router = createConsoleRouter();
const language = findLanguage();
await loadTexts(language);

keepFocus();
const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root");
createRoot(place).render(
  <StrictMode>
    {/* Styles are files only: a <style> made by script would need an exception of the content security policy. */}
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queryClient}>
        <TextProvider initial={language}>
          <Notifications position="bottom-right" limit={4} />
          <RouterProvider router={router} />
        </TextProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);

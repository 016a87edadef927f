/** Starts the page: one client for as long as it is open, and React to draw it. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient } from './core/client.ts';
import { App } from './view/app.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element with the id "root"');
createRoot(root).render(
  <StrictMode>
    <App client={createClient()} />
  </StrictMode>,
);

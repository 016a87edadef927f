/**
 * One form for signing in and for registering: whoever comes with a nickname that nobody has is offered it.
 * What went wrong stands beside the field that it is about, in words, and is read out.
 */
import { type FormEvent, useRef, useState } from 'react';
import * as z from 'zod/mini';
import type { Client } from '../core/client.ts';
import type { SessionState } from '../core/session-keeper.ts';
import { register, type SignInResult, signIn } from '../core/sign-in.ts';
import { Logo } from './logo.tsx';

interface SignInProps {
  readonly client: Client;
  readonly because: Extract<SessionState, { kind: 'signed-out' }>['because'];
}

const greetings: Record<SignInProps['because'], string> = {
  nobody: 'Sign in, or pick a nickname to join.',
  left: 'You are signed out.',
  'left-elsewhere': 'You signed out in another tab.',
  expired: 'Your session has ended. Sign in again: your drafts are kept.',
  'left-untold':
    'You are signed out here. The server could not be told, so the session itself ends within the hour.',
};

export function SignIn({ client, because }: SignInProps) {
  const [nickname, setNickname] = useState(() => client.shelf.read('nickname', z.string()) ?? '');
  const [password, setPassword] = useState('');
  const [result, setResult] = useState<SignInResult>();
  const [busy, setBusy] = useState(false);
  const nicknameField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  const trouble = result?.kind === 'trouble' ? result : undefined;
  const free = result?.kind === 'free';

  async function attempt(how: typeof signIn): Promise<void> {
    setBusy(true);
    const name = nickname.trim();
    const outcome = await how(client.endpoints, name, password).finally(() => setBusy(false));
    setResult(outcome);
    if (outcome.kind === 'token') {
      client.shelf.write('nickname', name);
      client.session.begin(outcome.token);
    } else if (outcome.kind === 'trouble') {
      (outcome.field === 'nickname' ? nicknameField : passwordField).current?.focus();
    }
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!busy) void attempt(free ? register : signIn);
  }

  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={submit} aria-busy={busy}>
        <Logo />
        <h1>MicroFlack</h1>
        <p className="sign-in-greeting">{greetings[because]}</p>
        <label htmlFor="nickname">Nickname</label>
        <input
          id="nickname"
          ref={nicknameField}
          value={nickname}
          onChange={(event) => {
            setNickname(event.target.value);
            setResult(undefined);
          }}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          maxLength={32}
          aria-invalid={trouble?.field === 'nickname'}
          aria-describedby="sign-in-trouble"
        />
        <label htmlFor="password">Password</label>
        <input
          id="password"
          ref={passwordField}
          type="password"
          value={password}
          onChange={(event) => {
            setPassword(event.target.value);
            setResult(undefined);
          }}
          autoComplete="current-password"
          required
          aria-invalid={trouble?.field === 'password'}
          aria-describedby="sign-in-trouble"
        />
        <div id="sign-in-trouble" className="sign-in-answer" role="alert">
          {trouble && <p className="trouble">{trouble.text}</p>}
          {free && (
            <p className="offer">
              Nobody is called <strong>{nickname.trim()}</strong> yet. Join with this nickname and
              password? If you have been here before, check the spelling.
            </p>
          )}
        </div>
        <button type="submit" className="button primary" disabled={busy}>
          {labelFor(busy, free, nickname.trim())}
        </button>
      </form>
      <p className="sign-in-foot">A chat made of microservices.</p>
    </main>
  );
}

function labelFor(busy: boolean, free: boolean, nickname: string): string {
  if (busy) return 'One moment…';
  return free ? `Join as ${nickname}` : 'Continue';
}

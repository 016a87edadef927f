/** The whole page: the sign-in, or the chat of whoever is signed in. */
import type { Client } from '../core/client.ts';
import { ChatScreen } from './chat-screen.tsx';
import { useStore } from './hooks.ts';
import { SignIn } from './sign-in.tsx';

export function App({ client }: { client: Client }) {
  const session = useStore(client.session.state);
  const chat = useStore(client.chat);
  if (chat) return <ChatScreen key={chat.userId} chat={chat} client={client} />;
  return (
    <SignIn client={client} because={session.kind === 'signed-out' ? session.because : 'nobody'} />
  );
}

/**
 * The log: one JSON object a line on stdout, which the supervisor writes to a file.
 *
 * Fields: time level service version instance trace span event msg. `event` comes from a fixed list
 * (README.md), `msg` is constant, and what varies goes into fields:
 * log.info({event:'instance.registered', address}, 'registered'). Tokens, passwords and message
 * texts are never logged; the redaction below is the second line, not the first.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import { currentContext } from './context.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  service: string;
  version: string;
  instance: string;
  level: string;
}

export function createLogger(options: LoggerOptions, destination?: DestinationStream): Logger {
  const { service, version, instance, level } = options;
  return pino(
    {
      level,
      base: { service, version, instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: traceFields,
      redact: ['token', 'password', 'authorization', '*.token', '*.password', '*.authorization'],
    },
    // Synchronous by default: the last line before an exit is the one that matters.
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

function traceFields(): Record<string, string> {
  const context = currentContext();
  return context ? { trace: context.traceId, span: context.spanId } : {};
}

/**
 * The order of what is written: the history before the record.
 *
 * Invariant: what a person asked for is in the history before anything comes of it that lasts. Every such thing begins with the
 * record. A history that cannot be written holds nothing up.
 */
import type { RecordStore } from '../agent/ports.ts';
import type { HistoryLog } from './history-log.ts';

/** `records`, each written once the history so far is on disk, as far as it can be written. */
export function historyFirst(records: RecordStore, history: Pick<HistoryLog, 'written'>): RecordStore {
  return {
    save: async (record, signal) => {
      await history.written();
      await records.save(record, signal);
    },
  };
}

// Kinds of device and their groups, as the server lists them.
import type { KindInfo } from '$/api/types';
import { text } from '$/text/en';

export interface Group {
  name: string;
  rank: number;
  kinds: KindInfo[];
}

export class Kinds {
  readonly groups: Group[] = [];
  readonly #byKind = new Map<string, KindInfo & { rank: number; groupRank: number }>();

  constructor(readonly list: KindInfo[]) {
    const groups = new Map<string, Group>();
    for (const info of list) {
      let group = groups.get(info.group);
      if (!group) {
        group = { name: info.group, rank: groups.size, kinds: [] };
        groups.set(info.group, group);
        this.groups.push(group);
      }
      group.kinds.push(info);
      this.#byKind.set(info.kind, { ...info, rank: this.#byKind.size, groupRank: group.rank });
    }
  }

  title(kind: string): string {
    return this.#byKind.get(kind)?.title ?? (kind === 'unknown' || !kind ? text.kinds.unknown : kind);
  }

  group(kind: string): string {
    return this.#byKind.get(kind)?.group ?? text.kinds.unknown;
  }

  info(kind: string): KindInfo | undefined {
    return this.#byKind.get(kind);
  }

  /** The order in which people care about kinds. */
  rank(kind: string): number {
    return this.#byKind.get(kind)?.rank ?? this.list.length;
  }
}

/** Bytes at the beginning of a file that are to be given back to the file system; offsets behind them stay. */
export interface Hole {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** Gives bytes of files back. A port: Node cannot do it itself. */
export interface HolePuncher {
  /** Why that cannot be done here, in one sentence; `null` where it can. @throws where it cannot be found out now */
  problem(): Promise<string | null>;
  /** Makes the holes; what is a hole already stays one. @throws where it could not make all of them */
  punch(holes: readonly Hole[]): Promise<void>;
}

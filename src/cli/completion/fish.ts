import { NAMES_OF_SERVICES, type CommandWords, type OptionWords } from './command-words.ts';

/** Completion for fish, as `~/.config/fish/completions/lifeline.fish`. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const lines = [
    '# fish completion for lifeline: lifeline completion fish | source',
    `complete -c lifeline -n ${quoted(`not __fish_seen_subcommand_from ${names}`)} -f`,
    ...commands.flatMap((command) => linesOf(command, names)),
  ];
  return `${lines.join('\n')}\n`;
}

function linesOf(
  { name, description, options, choices, takesCommand, takesService }: CommandWords,
  names: string,
): string[] {
  const here = `complete -c lifeline -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
  return [
    `complete -c lifeline -n ${quoted(`not __fish_seen_subcommand_from ${names}`)} -a ${name} -d ${quoted(description)}`,
    ...options.map((option) => `${here} ${optionWords(option)}`),
    ...(choices.length > 0 ? [`${here} -f -a ${quoted(choices.join(' '))}`] : []),
    ...(takesService ? [`${here} -f -a ${quoted(`(${NAMES_OF_SERVICES})`)}`] : []),
    ...(takesCommand ? [`${here} -xa ${quoted('(__fish_complete_subcommand --fcs-skip=2)')}`] : []),
  ];
}

function optionWords({ short, long, description, takesValue, choices }: OptionWords): string {
  const flags = [...(short === undefined ? [] : [`-s ${short.slice(1)}`]), `-l ${long.slice(2)}`];
  const value = takesValue ? [choices.length > 0 ? `-xa ${quoted(choices.join(' '))}` : '-r'] : [];
  return [...flags, ...value, `-d ${quoted(description)}`].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

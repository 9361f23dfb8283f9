import { NAMES_OF_SERVICES, type CommandWords } from './command-words.ts';

/** Completion for bash; it needs nothing but bash, and completes the command of `run` where bash-completion is loaded. */
export function bashCompletion(commands: readonly CommandWords[]): string {
  return `# bash completion for lifeline: eval "$(lifeline completion bash)"
_lifeline() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words= index
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${commands.map(({ name }) => name).join(' ')}'
  else
    for ((index = 2; index < COMP_CWORD; index++)); do
      if [ "\${COMP_WORDS[index]}" = -- ]; then
        if declare -F _command_offset >/dev/null; then _command_offset $((index + 1)); return; fi
        COMPREPLY=($(compgen -c -- "$current"))
        return
      fi
    done
    case "$command $previous" in
${valueCases(commands)}
    *)
      case $command in
${commands.map(commandCase).join('\n')}
      esac
      ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _lifeline lifeline
`;
}

function commandCase({ name, options, choices, takesService }: CommandWords): string {
  const flags = options.flatMap(({ short, long }) => (short === undefined ? [long] : [short, long]));
  const services = takesService ? ` [ "\${current#-}" != "$current" ] || words=$(${NAMES_OF_SERVICES})` : '';
  return `      ${name}) words='${[...flags, ...choices].join(' ')}'${services === '' ? '' : `;${services}`} ;;`;
}

/** After an option that takes a value: its choices, or a file. */
function valueCases(commands: readonly CommandWords[]): string {
  return commands
    .flatMap(({ name, options }) =>
      options
        .filter(({ takesValue }) => takesValue)
        .map(({ short, long, choices }) => {
          const pattern = [short, long]
            .flatMap((flag) => (flag === undefined ? [] : `"${name} ${flag}"`))
            .join(' | ');
          return `    ${pattern}) words='${choices.join(' ')}' ;;`;
        }),
    )
    .join('\n');
}

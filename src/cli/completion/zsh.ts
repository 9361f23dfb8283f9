import { NAMES_OF_SERVICES, type CommandWords, type OptionWords } from './command-words.ts';

/** Completion for zsh, as a file `_lifeline` in `$fpath` or evaluated after `compinit`. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  return `#compdef lifeline
# zsh completion for lifeline: source <(lifeline completion zsh)
_lifeline_command() {
  if [[ $words[1] == -- ]]; then shift words; ((CURRENT--)); fi
  _normal
}
_lifeline_services() {
  local -a names=(\${(f)"$(${NAMES_OF_SERVICES})"})
  compadd -a names
}
_lifeline() {
  local line state
  _arguments -C '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands=(
${commands.map(({ name, description }) => `        ${quoted(`${name}:${description}`)}`).join('\n')}
      )
      _describe command commands
      ;;
    rest)
      case $line[1] in
${commands.map(commandCase).join('\n')}
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _lifeline ]; then _lifeline "$@"; else compdef _lifeline lifeline; fi
`;
}

function commandCase({ name, options, choices, takesCommand, takesService }: CommandWords): string {
  const specs = options.flatMap(optionSpecs);
  if (choices.length > 0) specs.push(`1: :(${choices.join(' ')})`);
  if (takesService) specs.push('*: :_lifeline_services');
  if (takesCommand) specs.push('*:: :_lifeline_command');
  return `        ${name}) _arguments ${specs.map(quoted).join(' ')} ;;`;
}

function optionSpecs({ short, long, description, takesValue, choices }: OptionWords): string[] {
  const said = description.replaceAll(/[\\[\]:]/g, '\\$&');
  const value = takesValue ? `:value:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}` : '';
  return [short, long].flatMap((flag) => (flag === undefined ? [] : `*${flag}[${said}]${value}`));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

using System.CommandLine;

namespace EventMl.Cli.Verbs;

/// <summary>Prints the shell's side of completion; the words themselves come from this program's <c>[suggest]</c> directive.</summary>
internal static class CompletionVerb
{
    private const string Bash = """
        # eventml completion for bash. Put this into ~/.bashrc:  source <(eventml completion bash)
        _eventml() {
            local word current="${COMP_WORDS[COMP_CWORD]}"
            COMPREPLY=()
            while IFS= read -r word; do
                if [[ "$word" == "$current"* ]]; then COMPREPLY+=("$word"); fi
            done < <("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
        }
        complete -o default -F _eventml eventml ./eventml
        """;

    private const string Zsh = """
        #compdef eventml
        # eventml completion for zsh. Put this into ~/.zshrc, after compinit:  source <(eventml completion zsh)
        _eventml() {
            local -a candidates
            candidates=("${(@f)$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -a candidates || _files
        }
        compdef _eventml eventml ./eventml
        """;

    public static Command Build(CommandLine cli)
    {
        var shell = new Argument<string>("shell") { HelpName = "bash|zsh", Description = "The shell to complete in." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        return cli.Verb("completion", "Print the completion script for a shell.", (run, _) =>
        {
            run.Output.Raw.WriteLine(run.Get(shell) == "zsh" ? Zsh : Bash);
            return Task.FromResult(ExitCodes.Ok);
        }, shell);
    }
}

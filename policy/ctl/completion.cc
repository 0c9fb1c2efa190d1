#include "policy/ctl/completion.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sluice::ctl {
namespace {

// Of names that hold nothing that a shell would take for more than text.
using Words = std::set<std::string>;

// "  case $WHAT in KEY) words='WORD WORD';; ..."
std::string WordsByKey(absl::string_view what,
                       const std::map<std::string, Words>& words_by_key) {
  std::string out = absl::StrCat("      case \"", what, "\" in\n");
  for (const auto& [key, words] : words_by_key) {
    absl::StrAppend(&out, "        \"", key, "\") words='",
                    absl::StrJoin(words, " "), "' ;;\n");
  }
  return absl::StrCat(out, "      esac\n");
}

// What precedes the current word: the group and the command in `given`, and in
// `option` the option whose value the current word is. Words that a shell
// divides at "=" are put together again.
constexpr char kRead[] =
    R"(  local current=${COMP_WORDS[COMP_CWORD]} option='' word words='' i
  local given=()
  if [[ $current == '=' ]]; then current=''; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ -n $option ]]; then
      if [[ $word != '=' ]]; then option=''; fi
    elif [[ $word == --*=* || " $flags " == *" $word "* ]]; then
      :
    elif [[ $word == --?* ]]; then
      option=$word
    else
      given+=("$word")
    fi
  done
)";

constexpr char kAnswer[] = R"(  if [[ $words == '<file>' ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
)";

}  // namespace

std::string BashCompletion(absl::string_view program,
                           absl::Span<const Command> commands,
                           absl::Span<const OptionSpec> leading) {
  Words first = {"--help", "--version"};
  Words files;
  Words flags = {"--help", "--version"};  // options without a value
  std::map<std::string, Words> by_group;
  std::map<std::string, Words> by_command;
  const auto add_option = [&](const OptionSpec& option, Words* words) {
    const std::string name = absl::StrCat("--", option.name);
    words->insert(name);
    if (option.value == "FILE") files.insert(name);
    if (option.value.empty()) flags.insert(name);
  };
  for (const OptionSpec& option : leading) add_option(option, &first);
  for (const Command& command : commands) {
    first.insert(std::string(command.group));
    Words& in_group = by_group[std::string(command.group)];
    const bool is_group = command.name.empty();
    if (!is_group) in_group.insert(std::string(command.name));
    Words& options =
        is_group ? in_group
                 : by_command[absl::StrCat(command.group, " ", command.name)];
    options.insert("--help");
    for (const OptionSpec& option : command.options) {
      add_option(option, &options);
    }
  }
  std::string out = absl::StrCat("_", program, "() {\n  local flags='",
                                 absl::StrJoin(flags, " "), "'\n", kRead);
  absl::StrAppend(&out, "  if [[ -n $option ]]; then\n    case $option in\n",
                  "      ", absl::StrJoin(files, "|"), ") words='<file>' ;;\n",
                  "      --output) words='json table' ;;\n    esac\n  else\n",
                  "    case ${#given[@]} in\n    0) words='",
                  absl::StrJoin(first, " "), "' ;;\n    1)\n",
                  WordsByKey("${given[0]}", by_group), "      ;;\n    *)\n",
                  WordsByKey("${given[0]} ${given[1]}", by_command),
                  "      ;;\n    esac\n  fi\n", kAnswer, "}\ncomplete -F _",
                  program, " ", program, "\n");
  return out;
}

std::string ZshCompletion(absl::string_view program,
                          absl::Span<const Command> commands,
                          absl::Span<const OptionSpec> leading) {
  return absl::StrCat("autoload -U +X compinit && compinit\n",
                      "autoload -U +X bashcompinit && bashcompinit\n",
                      BashCompletion(program, commands, leading));
}

}  // namespace sluice::ctl

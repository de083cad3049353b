// What every page needs: htmx for forms and lists, and small habits of the header.
import "htmx.org";
import { showFieldsWithTheirChoice } from "./lib/fields";
import { keepPlaceOnLanguageSwitch } from "./lib/language";

keepPlaceOnLanguageSwitch();
showFieldsWithTheirChoice();

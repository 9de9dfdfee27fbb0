import { failure, loadMonths } from "glabella_bus";
import { TimeBar } from "glabella_time";

export default {
  template: `<div class="gl-time" role="group" aria-label="Day and expression"></div>`,
  props: { simple: Boolean, months: String },
  mounted() {
    this.build();
    if (this.months) this.load(this.months);
  },
  beforeUnmount() {
    this.bar?.dispose();
  },
  watch: {
    simple() {
      this.build();
    },
    months(url) {
      this.load(url);
    },
  },
  methods: {
    build() {
      this.bar?.dispose();
      this.bar = new TimeBar(this.$el, { simple: this.simple });
    },
    async load(url) {
      try {
        await loadMonths(url);
        this.$emit("loaded", { url });
      } catch (error) {
        this.$emit("failed", failure(error));
      }
    },
  },
};

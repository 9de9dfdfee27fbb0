import { Curves } from "glabella_curves";

export default {
  template: `<div class="gl-curves"></div>`,
  async mounted() {
    const { echarts } = await import("nicegui-echart"); // a megabyte: the page need not wait for it
    if (!this.gone) this.curves = new Curves(this.$el, echarts);
  },
  beforeUnmount() {
    this.gone = true;
    this.curves?.dispose();
  },
};
